using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Privacy;

/// <summary>What goes with a team.</summary>
public sealed record TeamContents(string Name, int Members, int Clusters, int Conversations, int Proposals, int Tokens);

/// <summary>
/// Removes a team with all of its data, at once and for good (X04): what belongs to it goes with its row, its key is destroyed, its clusters'
/// tunnels are cut. What its members did stays in their own logs, without the team and without a name.
/// </summary>
public sealed class TeamDeletion(
    IDbContextFactory<AppDbContext> contexts, TeamAccess access, StepUpService stepUp, ClusterLinks links, ClusterCaches caches, NotificationService notifications,
    ActivityLog activity)
{
    /// <summary>What would go, for the owner who is about to decide.</summary>
    public async Task<Outcome<TeamContents>> PreviewAsync(Actor actor, string team, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, Permission.TeamDelete, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        var id = grant.Value.TeamId;
        await using var db = await contexts.CreateDbContextAsync(ct);
        return new TeamContents(
            grant.Value.Name,
            await db.Memberships.CountAsync(m => m.TeamId == id, ct),
            await db.Clusters.CountAsync(c => c.TeamId == id, ct),
            await db.Conversations.CountAsync(c => c.TeamId == id, ct),
            await db.Proposals.CountAsync(p => p.TeamId == id, ct),
            await db.ApiTokens.CountAsync(t => t.TeamId == id, ct));
    }

    /// <summary>
    /// Removes the team. Needs a fresh proof of an owner; <paramref name="typedName"/> must repeat its name. Its members are told that it is gone, the
    /// one who did it too; its name stands in none of that (N7).
    /// </summary>
    public async Task<Outcome> DeleteAsync(Actor actor, string team, string typedName, Func<string, Uri> link, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, Permission.TeamDelete, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        if (typedName.Trim() != grant.Value.Name)
        {
            return Outcome.Invalid("teams.delete_name", grant.Value.Name);
        }

        var id = grant.Value.TeamId;
        List<Guid> clusters;
        List<Guid> told;
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            // Who declined an invitation has an entry that names the team and is not of its stream. Looked for before the lock: it goes through the whole log.
            var key = id.ToString();
            var declined = await db.ActivityEntries.Where(e => e.TeamId == null && e.TargetKind == "team" && e.TargetId == key).Select(e => e.UserId).Distinct().ToListAsync(ct);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            clusters = await db.Clusters.Where(c => c.TeamId == id).Select(c => c.Id).ToListAsync(ct);
            await db.Notifications.Where(n => n.TeamId == id).ExecuteDeleteAsync(ct);
            await db.ActivityEntries.Where(e => declined.Contains(e.UserId) && e.TargetKind == "team" && e.TargetId == key).ExecuteUpdateAsync(s => s.SetProperty(e => e.TargetName, ""), ct);
            await db.ActivityEntries.Where(e => e.TeamId == id)
                .ExecuteUpdateAsync(s => s.SetProperty(e => e.TeamId, (Guid?)null).SetProperty(e => e.TargetName, "").SetProperty(e => e.Detail, ""), ct);
            await db.UserCounters.Where(c => c.UserId == id && c.Log == UserLog.TeamActivity).ExecuteDeleteAsync(ct);
            await db.OwnerKeys.Where(k => k.Owner == KeyOwner.Team && k.OwnerId == id).ExecuteDeleteAsync(ct);
            var members = await db.Memberships.AsNoTracking().Where(m => m.TeamId == id)
                .Join(db.Users, m => m.UserId, u => u.Id, (m, u) => new { m.Role, User = u })
                .Where(m => m.User.EmailConfirmed && m.User.BlockedAt == null && m.User.DeletedAt == null).OrderBy(m => m.User.Id).ToListAsync(ct);
            if (await db.Teams.Where(t => t.Id == id).ExecuteDeleteAsync(ct) == 0)
            {
                return Failure.NotFound;
            }

            foreach (var member in members)
            {
                await notifications.AddAsync(db, Recipients.For(member.User), new NewNotification(NotificationType.Teams, "team_deleted", ["@" + member.Role, actor.Name], "/me/teams"), link("/"), ct);
            }

            told = [.. members.Select(m => m.User.Id)];
            await activity.RecordAsync(db, actor, new ActivityEvent("teams.delete", "team", id.ToString()), ct);
            await transaction.CommitAsync(ct);
        }

        told.ForEach(notifications.Published);
        foreach (var cluster in clusters)
        {
            links.Close(cluster, "removed");
            caches.Remove(cluster);
        }

        return Outcome.Ok;
    }
}
