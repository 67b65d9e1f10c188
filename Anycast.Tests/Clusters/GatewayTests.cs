using Anycast.Core.Agents;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Tests.Clusters;

/// <summary>What the gateway answers over a real tunnel, and to whom.</summary>
public sealed class GatewayTests(ConnectedClusterFixture fixture) : IClassFixture<ConnectedClusterFixture>
{
    private readonly ConnectedCluster _world = fixture.World;

    [Fact]
    public async Task Read_OfADeployment_IsTypedAndProjected()
    {
        var read = await _world.Gateway.ReadAsync<V1Deployment>(_world.Owner, _world.Team.Id, _world.Cluster.Id, "shop", "checkout", CancellationToken.None);
        Assert.True(read.IsOk, read.Failure?.Code);
        Assert.Equal("checkout", read.Value.Metadata.Name);
        Assert.NotEmpty(read.Value.Spec.Template.Spec.Containers);
    }

    [Fact]
    public async Task Read_OfWhatIsNotThere_IsNotFound()
    {
        var read = await _world.Gateway.ReadAsync<V1Pod>(_world.Owner, _world.Team.Id, _world.Cluster.Id, "shop", "nobody", CancellationToken.None);
        Assert.Equal("cluster.not_found", read.Failure!.Code);
    }

    [Fact]
    public async Task Read_OfAKindTheServiceDoesNotKnow_IsNotFound()
    {
        var read = await _world.Gateway.ReadAsync(_world.Owner, _world.Team.Id, _world.Cluster.Id, "Secret", "shop", "db", CancellationToken.None);
        Assert.Equal("cluster.not_found", read.Failure!.Code);
    }

    [Fact]
    public async Task List_WithALimit_IsBoundedAndSaysSo()
    {
        var list = await _world.Gateway.ListAsync<V1Pod>(_world.Owner, _world.Team.Id, _world.Cluster.Id, new ObjectQuery(Limit: 3), CancellationToken.None);
        Assert.True(list.IsOk, list.Failure?.Code);
        Assert.Equal(3, list.Value.Items.Count);
        Assert.False(list.Value.Complete);
    }

    [Fact]
    public async Task Snapshot_OfTheCluster_HoldsEveryKindWhole()
    {
        var read = await _world.Gateway.SnapshotAsync(_world.Owner, _world.Team.Id, _world.Cluster.Id, null, CancellationToken.None);
        Assert.True(read.IsOk, read.Failure?.Code);
        Assert.NotEmpty(read.Value.Pods);
        Assert.NotEmpty(read.Value.Events);
        Assert.Empty(ClusterKinds.All.Select(k => k.Kind).Except(read.Value.CompleteKinds));
    }

    [Fact]
    public async Task KubernetesClient_OverTheTunnel_Lists()
    {
        var client = await _world.Gateway.OpenClientAsync(_world.Owner, _world.Team.Id, _world.Cluster.Id, CancellationToken.None);
        var pods = await k8s.CoreV1OperationsExtensions.ListNamespacedPodAsync(client.Value!.CoreV1, "shop", cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotEmpty(pods.Items);
    }

    [Fact]
    public async Task Events_AboutAPod_ComeFromTheCacheNewestFirst()
    {
        var pod = _world.Cache.Query(ClusterScope.All, RowQuery.Of("Pod") with { Search = "checkout", Health = Anycast.Tunnel.Rows.Health.Failing }, 0, 1).Items[0];
        var events = await _world.Gateway.EventsAsync(_world.Owner, _world.Team.Id, _world.Cluster.Id, "Pod", pod.Namespace, pod.Name, 20, CancellationToken.None);
        Assert.NotEmpty(events.Value!);
        Assert.All(events.Value!, e => Assert.Equal(pod.Name, e.ObjectName));
        Assert.Equal(events.Value!.OrderByDescending(e => e.LastSeenTicks), events.Value!);
    }

    /// <summary>Every door, with the ids of another team (T14): each answers as if there were nothing.</summary>
    [Fact]
    public async Task EveryMethod_ForAnotherTeamsCluster_AnswersNotFound()
    {
        var stranger = await _world.Core.ActorAsync();
        var own = (await _world.Core.Get<TeamService>().CreateAsync(stranger, "Others", CancellationToken.None)).Value!;
        var ct = CancellationToken.None;
        var id = _world.Cluster.Id;
        var clusters = _world.Core.Get<ClusterService>();
        var target = new OperationTarget("apps", "Deployment", "shop", "checkout");
        var request = new ProposalRequest(id, OperationNames.Scale, target, [new LeafChange("spec.replicas", "2")], "test");
        foreach (var team in new[] { own.Id, _world.Team.Id })
        {
            Failure?[] answers =
            [
                (await clusters.GetAsync(stranger, team, id, ct)).Failure,
                (await clusters.RenameAsync(stranger, team, id, "Mine", ct)).Failure,
                (await clusters.RemoveAsync(stranger, team, id, "Production", ct)).Failure,
                (await _world.Gateway.OpenCacheAsync(stranger, team, id, ct)).Failure,
                (await _world.Gateway.ReadAsync<V1Pod>(stranger, team, id, "shop", "x", ct)).Failure,
                (await _world.Gateway.ReadAsync(stranger, team, id, "Pod", "shop", "x", ct)).Failure,
                (await _world.Gateway.ListAsync<V1Pod>(stranger, team, id, new ObjectQuery(), ct)).Failure,
                (await _world.Gateway.EventsAsync(stranger, team, id, "Pod", "shop", "x", 5, ct)).Failure,
                (await _world.Gateway.SnapshotAsync(stranger, team, id, null, ct)).Failure,
                (await _world.Gateway.OpenClientAsync(stranger, team, id, ct)).Failure,
                (await _world.Agents.CreateTokenAsync(stranger, team, id, ct)).Failure,
                (await _world.Agents.ListAsync(stranger, team, id, ct)).Failure,
                (await _world.Agents.RevokeAsync(stranger, team, id, _world.Core.Get<AgentConnections>().Find(id)!.AgentId, ct)).Failure,
                (await _world.Proposals.ProposeAsync(stranger, team, request, ct)).Failure,
            ];
            Assert.All(answers, a => Assert.Equal(Failure.NotFound, a));
        }

        Assert.Equal(Failure.NotFound, (await clusters.GetAsync(stranger, own.Slug, _world.Cluster.Slug, ct)).Failure);
        Assert.Equal(Failure.NotFound, (await clusters.ListAsync(stranger, _world.Team.Slug, ct)).Failure);
        Assert.True(_world.Cache.Connection.Connected);
    }
}
