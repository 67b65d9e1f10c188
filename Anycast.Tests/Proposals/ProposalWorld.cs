using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Tests.Clusters;
using Anycast.Tunnel.Operations;

namespace Anycast.Tests.Proposals;

/// <summary>A connected cluster with an approver beside the owner, and the fixes of its shop.</summary>
public sealed class ProposalWorld : IAsyncLifetime
{
    public const string GoodImage = "registry.shop.example/checkout:2.4.1";
    public const string ImagePath = "spec.template.spec.containers[checkout].image";

    public ConnectedCluster Cluster { get; private set; } = null!;

    public Actor Approver { get; private set; } = null!;

    public Actor Viewer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await ConnectedCluster.StartAsync(speed: 20);
        Approver = await Cluster.Core.ActorAsync();
        Viewer = await Cluster.Core.ActorAsync();
        await Cluster.Core.JoinAsync(Cluster.Team.Id, Approver.UserId, TeamRole.Member);
        await Cluster.Core.JoinAsync(Cluster.Team.Id, Viewer.UserId, TeamRole.Viewer);
    }

    public ValueTask DisposeAsync() => Cluster?.DisposeAsync() ?? ValueTask.CompletedTask;

    public Task<Outcome<Proposal>> ProposeAsync(string operation, string kind, string ns, string name, params LeafChange[] leaves) =>
        ProposeAsync(Cluster.Owner, operation, kind, ns, name, leaves);

    public Task<Outcome<Proposal>> ProposeAsync(Actor actor, string operation, string kind, string ns, string name, params LeafChange[] leaves) =>
        Cluster.Proposals.ProposeAsync(
            actor, Cluster.Team.Id,
            new ProposalRequest(Cluster.Cluster.Id, operation, new OperationTarget(ClusterKinds.GroupOf(kind), kind, ns, name), leaves, "test"),
            CancellationToken.None);

    /// <summary>Scales a workload of the shop to a number it does not have yet.</summary>
    public async Task<Proposal> ScaleAsync(string name = "catalog")
    {
        var now = (int)Cluster.Sandbox.Store.Get("Deployment", "shop", name)!["spec"]!["replicas"]!;
        var made = await ProposeAsync(OperationNames.Scale, "Deployment", "shop", name, new LeafChange("spec.replicas", $"{now + 1}"));
        Assert.True(made.IsOk, made.Failure?.Code);
        return made.Value;
    }

    public Task<Outcome<Proposal>> ApproveAsync(Proposal proposal, Actor? actor = null, string? typed = null) =>
        Cluster.Approval.ApproveAsync(actor ?? Approver, Cluster.Team.Id, proposal.Id, typed, CancellationToken.None);

    public int Replicas(string name = "catalog") => (int)Cluster.Sandbox.Store.Get("Deployment", "shop", name)!["spec"]!["replicas"]!;

    public async Task<ProposalView> ViewAsync(Guid id) => (await Cluster.Proposals.GetAsync(Cluster.Owner, Cluster.Team.Id, id, CancellationToken.None)).Value!;

    /// <summary>How many writes (not dry runs) of the agent the API server saw for a workload.</summary>
    public int Writes(string name) => Cluster.Sandbox.Requests.ByAgent().Count(r => r.Method == "PATCH" && r.Path.EndsWith($"/deployments/{name}", StringComparison.Ordinal) && !r.Query.Contains("dryRun", StringComparison.Ordinal));
}
