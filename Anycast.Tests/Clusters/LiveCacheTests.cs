using System.Collections.Concurrent;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Rows;
using k8s.Models;

namespace Anycast.Tests.Clusters;

/// <summary>The cache follows the cluster: changes, 410 Gone, the agent's end and its return, the cluster's removal.</summary>
public sealed class LiveCacheTests
{
    [Fact]
    public async Task Cache_OverALife_FollowsTheCluster()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var changes = new ConcurrentQueue<ClusterChange>();
        using var subscription = world.Cache.Subscribe(changes.Enqueue);

        // A change in the cluster reaches the row, and whoever looks is told.
        Assert.True(world.Sandbox.Store.Change("Deployment", "shop", "checkout", d => d["spec"]!["replicas"] = 4));
        await world.RowAsync<WorkloadRow>("Deployment", "shop", "checkout", w => w.Desired == 4, "the row follows");
        await Eventually.TrueAsync(() => changes.Any(c => c.Touches("Deployment")), "the subscriber is told");

        // What is deleted goes.
        Assert.True(world.Sandbox.Store.Delete("Service", "shop", "checkout"));
        await Eventually.TrueAsync(() => world.Cache.Find(ClusterScope.All, "Service", "shop", "checkout") is null, "the deleted row goes");

        // 410 Gone: the stream lists anew, and nothing is lost or doubled.
        var pods = world.Cache.Query(ClusterScope.All, RowQuery.Of("Node"), 0, 0).Total;
        world.Sandbox.Faults.ExpireResourceVersions();
        world.Sandbox.Faults.DropWatches();
        Assert.True(world.Sandbox.Store.Change("Deployment", "shop", "checkout", d => d["spec"]!["replicas"] = 5));
        await world.RowAsync<WorkloadRow>("Deployment", "shop", "checkout", w => w.Desired == 5, "the row follows after 410", TimeSpan.FromSeconds(30));
        Assert.Equal(pods, world.Cache.Query(ClusterScope.All, RowQuery.Of("Node"), 0, 0).Total);
    }

    [Fact]
    public async Task Agent_ThatStops_LeavesStaleRowsAndAnOfflineGateway()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = await world.ConnectAsync();
        var rows = world.Cache.Query(ClusterScope.All, RowQuery.Of("Pod"), 0, 0).Total;
        var connected = world.Cache.Connection.Since;

        await agent.StopAsync();
        await Eventually.TrueAsync(() => !world.Cache.Connection.Connected, "the agent is known to be gone");
        Assert.Equal(RowTableState.Stale, world.Cache.State("Pod"));
        Assert.Equal(rows, world.Cache.Query(ClusterScope.All, RowQuery.Of("Pod"), 0, 0).Total);
        Assert.True(world.Cache.Connection.Since > connected);
        var read = await world.Gateway.ReadAsync<V1Pod>(world.Owner, world.Team.Id, world.Cluster.Id, "shop", "x", CancellationToken.None);
        Assert.Equal("cluster.offline", read.Failure!.Code);

        // The same agent comes back with its key alone, and the rows live again.
        world.StartAgent(null, agent.State);
        await Eventually.TrueAsync(() => world.Cache.Connection.Connected && world.Cache.State("Pod") == RowTableState.Live, "the agent is back");
    }

    [Fact]
    public async Task ApiServer_ThatFailsBehindAConnectedAgent_IsSilentAndNotARefusal_UntilItIsBack()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var rows = world.Cache.Query(ClusterScope.All, RowQuery.Of("Node"), 0, 0).Total;
        Assert.Null(world.Cache.Connection.SilentSince);
        var before = world.Clock.GetUtcNow();

        var down = world.Sandbox.Faults.Fail(503);
        world.Sandbox.Faults.DropWatches();
        await Eventually.TrueAsync(() => world.Cache.Connection.SilentSince >= before, "the silence is noticed", TimeSpan.FromSeconds(20));
        await Eventually.TrueAsync(() => ClusterKinds.WithRows.All(k => world.Cache.State(k) == RowTableState.Silent), "of every kind", TimeSpan.FromSeconds(20));
        Assert.True(world.Cache.Connection.Connected);
        Assert.All(ClusterKinds.WithRows, k => Assert.Null(world.Cache.Refusal(k)));
        Assert.Equal(rows, world.Cache.Query(ClusterScope.All, RowQuery.Of("Node"), 0, 0).Total);

        // It is back, with something changed meanwhile; nobody presses anything.
        Assert.True(world.Sandbox.Store.Change("Deployment", "shop", "checkout", d => d["spec"]!["replicas"] = 6));
        down.Dispose();
        await Eventually.TrueAsync(() => ClusterKinds.WithRows.All(k => world.Cache.State(k) == RowTableState.Live), "every kind is followed again", TimeSpan.FromSeconds(40));
        Assert.Null(world.Cache.Connection.SilentSince);
        await world.RowAsync<WorkloadRow>("Deployment", "shop", "checkout", w => w.Desired == 6, "the row follows");
    }

    [Fact]
    public async Task ApiServer_ThatRefusesOneKind_IsARefusalOfThatKindAlone()
    {
        await using var world = await ConnectedCluster.StartAsync();
        world.Sandbox.Faults.Fail(403, r => r.Resource == "pods");
        world.Sandbox.Faults.DropWatches();
        await Eventually.TrueAsync(() => world.Cache.Refusal("Pod") == "Forbidden", "the refusal is known", TimeSpan.FromSeconds(20));
        Assert.Null(world.Cache.Connection.SilentSince);
    }

    [Fact]
    public async Task Cluster_ThatIsRemoved_TellsItsViewersAndCutsItsAgent()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var agent = await world.ConnectAsync();
        var removed = new TaskCompletionSource();
        using var subscription = world.Cache.Subscribe(c =>
        {
            if (c.Removed)
            {
                removed.TrySetResult();
            }
        });

        var done = await world.Core.Get<ClusterService>().RemoveAsync(await world.Core.WithSessionAsync(world.Owner), world.Team.Id, world.Cluster.Id, "Production", CancellationToken.None);
        Assert.True(done.IsOk, done.Failure?.Code);
        await removed.Task.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Equal(Anycast.Agent.AgentHost.Refused, await agent.Ended.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }
}
