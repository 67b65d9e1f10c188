using Anycast.Core.Data;
using Anycast.Tunnel.Carrier;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Agents;

/// <summary>
/// Compares the tunnels of this replica with the rows: what was revoked, quarantined or removed, here or on another replica, is cut. A key that a
/// new one has taken the place of ends.
/// </summary>
public sealed class AgentMaintenance(IDbContextFactory<AppDbContext> contexts, AgentConnections connections, SupersededKeys superseded, TimeProvider clock)
{
    /// <summary>One round; every <see cref="AgentLimits.Sweep"/>.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var all = connections.All;
        if (all.Count == 0)
        {
            return;
        }

        var ids = all.Select(c => c.AgentId).ToList();
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var live = await db.Agents.AsNoTracking().Where(a => ids.Contains(a.Id) && a.RevokedAt == null && a.QuarantinedAt == null).Select(a => new { a.Id, a.LastSeenAt }).ToListAsync(ct);
        foreach (var ended in ids.Except(live.Select(a => a.Id)))
        {
            connections.Cut(ended, RefusalCodes.Revoked);
        }

        var unseen = live.Where(a => a.LastSeenAt is null || now - a.LastSeenAt >= AgentLimits.SeenEvery).Select(a => a.Id).ToList();
        if (unseen.Count > 0)
        {
            await db.Agents.Where(a => unseen.Contains(a.Id)).ExecuteUpdateAsync(s => s.SetProperty(a => a.LastSeenAt, now), ct);
            await superseded.EndAsync(unseen, ct);
        }
    }
}
