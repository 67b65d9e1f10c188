using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Data;
using Anycast.Tunnel.Rows;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Proposals;

/// <summary>
/// Looks whether executed changes had their effect: the target's own health, as the cluster's watch reports it, after a moment to settle.
/// Works from rows alone, so that it goes on after a restart.
/// </summary>
public sealed class ProposalObserver(IDbContextFactory<AppDbContext> contexts, ClusterCaches caches, ProposalFeed feed, TimeProvider clock)
{
    /// <summary>One round over the executed proposals whose effect is not known yet.</summary>
    public async Task ObserveAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var settled = now - ProposalLimits.SettleTime;
        var pending = await db.Proposals.AsNoTracking()
            .Where(p => p.State == ProposalState.Executed && p.Effect == ProposalEffect.Pending && p.EndedAt <= settled)
            .OrderBy(p => p.EndedAt).Take(ProposalLimits.Batch).ToListAsync(ct);
        foreach (var row in pending)
        {
            if (EffectOf(row, now) is not (var effect and not ProposalEffect.Pending))
            {
                continue;
            }

            var updated = await db.Proposals.Where(p => p.Id == row.Id && p.Effect == ProposalEffect.Pending)
                .ExecuteUpdateAsync(s => s.SetProperty(p => p.Effect, effect), ct);
            if (updated > 0)
            {
                feed.Notify(row);
            }
        }
    }

    private ProposalEffect EffectOf(Proposal row, DateTimeOffset now)
    {
        var cache = caches.Get(row.ClusterId);
        var target = ClusterKinds.WithRows.Contains(row.TargetKind) && cache.Connection.Connected
            ? cache.Find(ClusterScope.All, row.TargetKind, row.TargetNamespace, row.TargetName)
            : null;

        // A suspended CronJob or a cordoned node is as wanted when that is what was approved.
        return target is { Health: Health.Healthy } || (target is { Health: Health.Warning } && row.Operation is Tunnel.Operations.OperationNames.Suspend or Tunnel.Operations.OperationNames.Cordon)
            ? ProposalEffect.Recovered
            : now - row.EndedAt > ProposalLimits.ObserveFor ? ProposalEffect.NotYet : ProposalEffect.Pending;
    }
}
