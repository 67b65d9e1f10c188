using System.Text.Json;
using Anycast.Core.Agents.Transport;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tunnel;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Rights;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Agents.Rights;

/// <summary>What the agents really may do in their clusters (S07): asked of the API servers, kept, judged, shown.</summary>
public sealed class RightsService(IDbContextFactory<AppDbContext> contexts, ClusterAccess access, AgentConnections connections, ClusterAlerts alerts, TimeProvider clock, ILogger<RightsService> log)
{
    /// <summary>How often a connected agent is asked anew.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    /// <summary>A cluster's rights were reported.</summary>
    public event Action<Guid>? Changed;

    /// <summary>The last report of a cluster, judged. Null when its agent never reported.</summary>
    public async Task<Outcome<RightsView?>> GetAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.ClusterRights.AsNoTracking().SingleOrDefaultAsync(r => r.ClusterId == clusterId, ct);
        RightsView? view = row is null ? null : View(row, grant.Value.Cluster.Access);
        return view;
    }

    /// <summary>
    /// Namespaces in which an opt-in of the customer's holds, with the right below it, as the agent said last. For showing what may be asked;
    /// whether it may be had is decided by the agent at each request.
    /// </summary>
    public async Task<Outcome<HashSet<string>>> OptedInAsync(Actor actor, Guid teamId, Guid clusterId, OptInKind kind, CancellationToken ct)
    {
        var view = await GetAsync(actor, teamId, clusterId, ct);
        return view.Failure is { } failure ? failure
            : (view.Value?.OptIns ?? []).Where(o => o.OptIn.Kind == kind && o.State != OptInState.Expired).SelectMany(o => o.OptIn.Namespaces.Except(o.WithoutRight)).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Asks the agent now. The agent asks its API server at most every five seconds, however often it is asked.</summary>
    public async Task<Outcome> AskAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        return !grant.IsOk ? grant.Failure
            : connections.Find(clusterId) is not { } connection ? ClusterFailures.Offline
            : await TryTakeAsync(connection, ct);
    }

    /// <summary>Asks a connected agent at once and then every five minutes, until its connection ends.</summary>
    internal async Task FollowAsync(AgentConnection connection, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            do
            {
                try
                {
                    await TakeAsync(connection, ended);
                }
                catch (Exception e) when (e is AgentOfflineException or DbUpdateException or System.Data.Common.DbException or IOException)
                {
                    log.LogInformation("The rights of agent {Agent} could not be taken ({Error})", connection.AgentId, e.GetType().Name);
                }
            }
            while (await timer.WaitForNextTickAsync(ended));
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The tunnel is gone, and with it what could be asked.
        }
    }

    private async Task<Outcome> TryTakeAsync(AgentConnection connection, CancellationToken ct)
    {
        try
        {
            return await TakeAsync(connection, ct) ? Outcome.Ok : ClusterFailures.Broken;
        }
        catch (Exception e) when (e is AgentOfflineException or IOException)
        {
            return ClusterFailures.Offline; // It went away while it was asked.
        }
    }

    private async Task<bool> TakeAsync(AgentConnection connection, CancellationToken ct)
    {
        if (await connection.Link.Client.RightsAsync(ct) is not { } report)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        var text = JsonSerializer.Serialize(report, TunnelJson.Default.RightsReport);
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Clusters.AsNoTracking().SingleOrDefaultAsync(c => c.Id == connection.ClusterId, ct) is not { } cluster)
        {
            return false; // It was removed meanwhile.
        }

        var found = await db.ClusterRights.Where(r => r.ClusterId == connection.ClusterId)
            .ExecuteUpdateAsync(s => s.SetProperty(r => r.ReportedAt, now).SetProperty(r => r.Report, text), ct);
        if (found == 0)
        {
            db.ClusterRights.Add(new ClusterRights { ClusterId = connection.ClusterId, ReportedAt = now, Report = text });
            await db.SaveChangesAsync(ct);
        }

        await alerts.RightsAsync(cluster, RightsJudgement.Of(report, cluster.Access, now, now), ct);
        Changed?.Invoke(connection.ClusterId);
        return true;
    }

    private RightsView View(ClusterRights row, ClusterAccessKind kind) =>
        RightsJudgement.Of(JsonSerializer.Deserialize(row.Report, TunnelJson.Default.RightsReport)!, kind, row.ReportedAt, clock.GetUtcNow());
}
