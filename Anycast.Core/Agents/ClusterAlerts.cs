using Anycast.Core.Accounts;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace Anycast.Core.Agents;

/// <summary>
/// Tells a team's owners and admins what is wrong with an agent's rights or keys (S07, T8): once for each change, whichever replica sees it
/// first, since the row that remembers it and the notifications stand or fall together.
/// </summary>
public sealed class ClusterAlerts(IDbContextFactory<AppDbContext> contexts, NotificationService notifications, IConfiguration configuration)
{
    private const int RightsNamed = 4;

    /// <summary>After a report of rights: tells of an excess that is not the one told of before.</summary>
    internal async Task RightsAsync(Cluster cluster, RightsView view, CancellationToken ct)
    {
        if (view.IsUnknown)
        {
            return; // The API server said nothing: what it did not name is not gone.
        }

        var excess = Digest(view);
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.ClusterRights.Where(r => r.ClusterId == cluster.Id && r.NoticedExcess != excess).ExecuteUpdateAsync(s => s.SetProperty(r => r.NoticedExcess, excess), ct) == 0)
        {
            return;
        }

        var told = excess.Length == 0 ? [] : await TellAsync(db, cluster, "rights_exceed", [cluster.Name, Words(view)], ct);
        await transaction.CommitAsync(ct);
        told.ForEach(notifications.Published);
    }

    /// <summary>Blocks a key that was presented from another cluster, and tells of it.</summary>
    /// <returns>False when it was blocked before.</returns>
    internal async Task<bool> QuarantineAsync(Cluster cluster, Guid agentId, DateTimeOffset at, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Agents.Where(a => a.Id == agentId && a.QuarantinedAt == null).ExecuteUpdateAsync(s => s.SetProperty(a => a.QuarantinedAt, at), ct) == 0)
        {
            return false;
        }

        var told = await TellAsync(db, cluster, "key_quarantined", [cluster.Name], ct);
        await transaction.CommitAsync(ct);
        told.ForEach(notifications.Published);
        return true;
    }

    private async Task<List<Guid>> TellAsync(AppDbContext db, Cluster cluster, string key, IReadOnlyList<string> args, CancellationToken ct)
    {
        var slug = await db.Teams.Where(t => t.Id == cluster.TeamId).Select(t => t.Slug).SingleAsync(ct);
        var people = await db.Memberships.AsNoTracking().Where(m => m.TeamId == cluster.TeamId && m.Role >= TeamRole.Admin)
            .Join(db.Users, m => m.UserId, u => u.Id, (m, u) => u)
            .Where(u => u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null).OrderBy(u => u.Id).ToListAsync(ct);
        var root = Uri.TryCreate(configuration["Anycast:PublicUrl"], UriKind.Absolute, out var given) ? given : null;
        var what = new NewNotification(NotificationType.Clusters, key, args, $"/t/{slug}/c/{cluster.Slug}/agent", cluster.TeamId);
        foreach (var user in people)
        {
            await notifications.AddAsync(db, Recipients.For(user), what, root, ct);
        }

        return [.. people.Select(u => u.Id)];
    }

    /// <summary>Stands for the whole of an excess; empty when there is none.</summary>
    private static string Digest(RightsView view) => view.Excess.Count == 0 ? ""
        : Ids.Hash(string.Join('\n', view.Excess.Select(e => $"{e.Code}|{string.Join(',', e.Rights)}|{string.Join(',', e.Namespaces)}").Order(StringComparer.Ordinal)));

    private static string Words(RightsView view)
    {
        var rights = view.Excess.SelectMany(e => e.Rights.Select(r => e.Namespaces.Count == 0 ? r : $"{r} ({string.Join(", ", e.Namespaces.Take(2))}{(e.Namespaces.Count > 2 ? " …" : "")})")).ToList();
        return string.Join("; ", rights.Take(RightsNamed)) + (rights.Count > RightsNamed ? " …" : "");
    }
}
