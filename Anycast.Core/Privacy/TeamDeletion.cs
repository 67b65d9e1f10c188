using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
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
    IDbContextFactory<AppDbContext> contexts, TeamAccess access, StepUpService stepUp, ClusterLinks links, ClusterCaches caches, ActivityLog activity)
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

    /// <summary>Removes the team. Needs a fresh proof of an owner; <paramref name="typedName"/> must repeat its name.</summary>
    public async Task<Outcome> DeleteAsync(Actor actor, string team, string typedName, CancellationToken ct)
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
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            clusters = await db.Clusters.Where(c => c.TeamId == id).Select(c => c.Id).ToListAsync(ct);
            await db.Notifications.Where(n => n.TeamId == id).ExecuteDeleteAsync(ct);
            await db.ActivityEntries.Where(e => e.TeamId == id)
                .ExecuteUpdateAsync(s => s.SetProperty(e => e.TeamId, (Guid?)null).SetProperty(e => e.TargetName, "").SetProperty(e => e.Detail, ""), ct);
            await db.UserCounters.Where(c => c.UserId == id && c.Log == UserLog.TeamActivity).ExecuteDeleteAsync(ct);
            await db.OwnerKeys.Where(k => k.Owner == KeyOwner.Team && k.OwnerId == id).ExecuteDeleteAsync(ct);
            if (await db.Teams.Where(t => t.Id == id).ExecuteDeleteAsync(ct) == 0)
            {
                return Failure.NotFound;
            }

            await activity.RecordAsync(db, actor, new ActivityEvent("teams.delete", "team", id.ToString()), ct);
            await transaction.CommitAsync(ct);
        }

        foreach (var cluster in clusters)
        {
            links.Close(cluster, "removed");
            caches.Remove(cluster);
        }

        return Outcome.Ok;
    }
}
