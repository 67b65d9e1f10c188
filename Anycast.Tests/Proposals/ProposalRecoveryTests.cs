using Anycast.Core.Proposals;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Proposals;

/// <summary>What a process that died in the middle leaves behind is found from rows: begun is read back and never run again, approved is begun.</summary>
public sealed class ProposalRecoveryTests(ProposalWorld world) : IClassFixture<ProposalWorld>
{
    private ProposalExecution Execution => world.Cluster.Core.Get<ProposalExecution>();

    [Fact]
    public async Task Recover_OfABegunChangeThatIsThere_IsExecuted()
    {
        var proposal = await world.ScaleAsync("cart");
        await PutAsync(proposal.Id, ProposalState.Taken, TimeSpan.FromMinutes(2));
        Assert.True(world.Cluster.Sandbox.Store.Change("Deployment", "shop", "cart", d => d["spec"]!["replicas"] = (int)d["spec"]!["replicas"]! + 1));
        await Execution.RecoverAsync(CancellationToken.None);
        Assert.Equal(ProposalState.Executed, (await world.ViewAsync(proposal.Id)).Row.State);
        Assert.Equal(0, world.Writes("cart"));
    }

    [Fact]
    public async Task Recover_OfABegunChangeThatIsNotThere_NeedsAPersonAndIsNotRunAgain()
    {
        var proposal = await world.ScaleAsync("search");
        await PutAsync(proposal.Id, ProposalState.Taken, TimeSpan.FromMinutes(2));
        await Execution.RecoverAsync(CancellationToken.None);
        await Execution.RecoverAsync(CancellationToken.None);
        Assert.Equal(ProposalState.Unknown, (await world.ViewAsync(proposal.Id)).Row.State);
        Assert.Equal(0, world.Writes("search"));
    }

    [Fact]
    public async Task Recover_OfAChangeThatIsBeingMade_LeavesItAlone()
    {
        var proposal = await world.ScaleAsync("storefront");
        await PutAsync(proposal.Id, ProposalState.Taken, TimeSpan.FromSeconds(30));
        await Execution.RecoverAsync(CancellationToken.None);
        Assert.Equal(ProposalState.Taken, (await world.ViewAsync(proposal.Id)).Row.State);
    }

    [Fact]
    public async Task Recover_OfAnApprovedChangeThatWasNotBegun_BeginsItOnce()
    {
        var proposal = await world.ScaleAsync();
        var before = world.Replicas();
        await PutAsync(proposal.Id, ProposalState.Approved, ProposalLimits.StartWithin + TimeSpan.FromSeconds(1));
        await Task.WhenAll(Execution.RecoverAsync(CancellationToken.None), Execution.RecoverAsync(CancellationToken.None));
        Assert.Equal(ProposalState.Executed, (await world.ViewAsync(proposal.Id)).Row.State);
        Assert.Equal(before + 1, world.Replicas());
        Assert.Equal(1, world.Writes("catalog"));
    }

    [Fact]
    public async Task Approve_WhileTheAgentIsOffline_IsRefusedAndStaysOpen()
    {
        await using var other = await Clusters.ConnectedCluster.StartAsync(connect: false);
        var agent = await other.ConnectAsync();
        var made = await other.Proposals.ProposeAsync(
            other.Owner, other.Team.Id,
            new ProposalRequest(other.Cluster.Id, "Scale", new Anycast.Tunnel.Operations.OperationTarget("apps", "Deployment", "shop", "catalog"), [new("spec.replicas", "5")], "test"),
            CancellationToken.None);
        Assert.True(made.IsOk, made.Failure?.Code);
        await agent.StopAsync();
        await Eventually.TrueAsync(() => !other.Cache.Connection.Connected, "the agent is gone");
        var refused = await other.Approval.ApproveAsync(other.Owner, other.Team.Id, made.Value.Id, null, CancellationToken.None);
        Assert.Equal("cluster.offline", refused.Failure!.Code);
        other.StartAgent(null, agent.State);
        await Eventually.TrueAsync(() => other.Cache.Connection.Connected, "the agent is back");
        var done = await other.Approval.ApproveAsync(other.Owner, other.Team.Id, made.Value.Id, null, CancellationToken.None);
        Assert.True(done.IsOk, done.Failure?.Code);
    }

    private async Task PutAsync(Guid id, ProposalState state, TimeSpan ago)
    {
        var at = world.Cluster.Clock.GetUtcNow() - ago;
        await using var db = await world.Cluster.Core.OpenAsync();
        await db.Proposals.Where(p => p.Id == id).ExecuteUpdateAsync(s => s.SetProperty(p => p.State, state).SetProperty(p => p.DecidedAt, at).SetProperty(p => p.DeciderId, world.Approver.UserId));
    }
}
