using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Proposals;

/// <summary>A person approves every change, once, and exactly what was shown (DESIGN promise 3; T3, T4, T5). Real agent, real sandbox.</summary>
public sealed class ProposalApprovalTests(ProposalWorld world) : IClassFixture<ProposalWorld>
{
    [Fact]
    public async Task Approve_OfTheRightImage_AppliesHealsAndIsRecorded()
    {
        var made = await world.ProposeAsync(OperationNames.SetImage, "Deployment", "shop", "checkout", new LeafChange(ProposalWorld.ImagePath, ProposalWorld.GoodImage));
        Assert.True(made.IsOk, made.Failure?.Code);
        var view = await world.ViewAsync(made.Value.Id);
        var leaf = Assert.Single(view.Diff, d => d.Requested);
        Assert.Equal(("registry.shop.example/checkout:2.4.l", ProposalWorld.GoodImage), (leaf.Before, leaf.After));
        Assert.Equal(0, world.Writes("checkout"));

        var done = await world.ApproveAsync(made.Value);
        Assert.True(done.IsOk, done.Failure?.Code);
        Assert.Equal(ProposalState.Executed, done.Value.State);
        Assert.Equal(1, world.Writes("checkout"));

        await world.Cluster.RowAsync<WorkloadRow>("Deployment", "shop", "checkout", w => w is { Health: Health.Healthy, Ready: 3 }, "checkout has recovered", TimeSpan.FromSeconds(60));
        world.Cluster.Clock.Advance(ProposalLimits.SettleTime);
        await world.Cluster.Core.Get<ProposalObserver>().ObserveAsync(CancellationToken.None);
        Assert.Equal(ProposalEffect.Recovered, (await world.ViewAsync(made.Value.Id)).Row.Effect);

        await using var db = await world.Cluster.Core.OpenAsync();
        var id = made.Value.Id.ToString();
        var log = await db.ActivityEntries.Where(e => e.TargetId == id).OrderBy(e => e.At).Select(e => new { e.Operation, e.UserId }).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            [("proposals.propose", world.Cluster.Owner.UserId), ("proposals.approve", world.Approver.UserId), ("proposals.execute", world.Approver.UserId)],
            log.Select(e => (e.Operation, e.UserId)));
    }

    [Fact]
    public async Task Approve_Twice_IsRefusedTheSecondTime()
    {
        var proposal = await world.ScaleAsync("cart");
        Assert.True((await world.ApproveAsync(proposal)).IsOk);
        Assert.Equal("proposals.already_decided", (await world.ApproveAsync(proposal)).Failure!.Code);
        Assert.Equal(1, world.Writes("cart"));
    }

    [Fact]
    public async Task Approve_ByTwentyAtOnce_ExecutesOnce()
    {
        var proposal = await world.ScaleAsync("search");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => world.ApproveAsync(proposal))));
        Assert.Single(answers, a => a.IsOk);
        Assert.All(answers.Where(a => !a.IsOk), a => Assert.Equal("proposals.already_decided", a.Failure!.Code));
        Assert.Equal(1, world.Writes("search"));
    }

    [Fact]
    public async Task Approve_AfterTenMinutes_IsTooLate()
    {
        var proposal = await world.ScaleAsync();
        var before = world.Replicas();
        world.Cluster.Clock.Advance(ProposalLimits.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal("proposals.expired", (await world.ApproveAsync(proposal)).Failure!.Code);
        Assert.Equal(ProposalState.Expired, (await world.ViewAsync(proposal.Id)).Row.State);
        Assert.Equal("proposals.expired", (await world.ApproveAsync(proposal)).Failure!.Code);
        Assert.Equal(before, world.Replicas());
    }

    [Fact]
    public async Task Approve_AfterTheSpecChanged_IsRefused()
    {
        var first = await world.ScaleAsync("storefront");
        var second = await world.ScaleAsync("storefront");
        Assert.True((await world.ApproveAsync(first)).IsOk);
        var after = world.Replicas("storefront");
        Assert.Equal("proposals.changed", (await world.ApproveAsync(second)).Failure!.Code);
        Assert.Equal((ProposalState.Failed, "proposals.changed"), ((await world.ViewAsync(second.Id)).Row.State, (await world.ViewAsync(second.Id)).Row.ResultCode));
        Assert.Equal(after, world.Replicas("storefront"));
    }

    [Fact]
    public async Task Approve_AfterTheStatusChanged_Applies()
    {
        var proposal = await world.ScaleAsync();
        Assert.True(world.Cluster.Sandbox.Store.Change("Deployment", "shop", "catalog", d => d["status"]!["collisionCount"] = 7));
        var done = await world.ApproveAsync(proposal);
        Assert.True(done.IsOk, done.Failure?.Code);
    }

    [Fact]
    public async Task Reject_ThenApprove_ChangesNothing()
    {
        var proposal = await world.ScaleAsync();
        var before = world.Replicas();
        Assert.True((await world.Cluster.Approval.RejectAsync(world.Approver, world.Cluster.Team.Id, proposal.Id, CancellationToken.None)).IsOk);
        Assert.Equal("proposals.already_decided", (await world.ApproveAsync(proposal)).Failure!.Code);
        Assert.Equal("proposals.already_decided", (await world.Cluster.Approval.RejectAsync(world.Approver, world.Cluster.Team.Id, proposal.Id, CancellationToken.None)).Failure!.Code);
        Assert.Equal(before, world.Replicas());
    }

    /// <summary>Whatever of the approved change is altered in the database afterwards, nothing is executed (T3).</summary>
    [Theory]
    [InlineData(nameof(Proposal.Tool), "other")]
    [InlineData(nameof(Proposal.ToolVersion), 2)]
    [InlineData(nameof(Proposal.Operation), "Restart")]
    [InlineData(nameof(Proposal.Arguments), """[{"path":"spec.replicas","value":"0"}]""")]
    [InlineData(nameof(Proposal.PriorValues), """["9"]""")]
    [InlineData(nameof(Proposal.Diff), "[]")]
    [InlineData(nameof(Proposal.Arguments), "sealed1:AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData(nameof(Proposal.Diff), "sealed1:no base64")]
    [InlineData(nameof(Proposal.TargetGroup), "batch")]
    [InlineData(nameof(Proposal.TargetKind), "StatefulSet")]
    [InlineData(nameof(Proposal.TargetNamespace), "payments")]
    [InlineData(nameof(Proposal.TargetName), "storefront")]
    [InlineData(nameof(Proposal.TargetUid), "another")]
    [InlineData(nameof(Proposal.TargetGeneration), 99L)]
    [InlineData(nameof(Proposal.PolicyVersion), 2)]
    [InlineData(nameof(Proposal.Risk), ProposalRisk.Medium)]
    [InlineData(nameof(Proposal.Nonce), "another")]
    [InlineData(nameof(Proposal.ProposerId), null)]
    [InlineData(nameof(Proposal.ExpiresAt), null)]
    [InlineData(nameof(Proposal.Digest), "0000")]
    public async Task Approve_OfAnAlteredRow_IsRefused(string property, object? value)
    {
        var proposal = await world.ScaleAsync();
        var before = (world.Replicas(), world.Writes("catalog"));
        await using (var db = await world.Cluster.Core.OpenAsync())
        {
            var row = await db.Proposals.SingleAsync(p => p.Id == proposal.Id, TestContext.Current.CancellationToken);
            var altered = value ?? (property == nameof(Proposal.ProposerId) ? world.Approver.UserId : row.ExpiresAt.AddMinutes(5));
            typeof(Proposal).GetProperty(property)!.SetValue(row, altered);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("proposals.changed", (await world.ApproveAsync(proposal)).Failure!.Code);
        Assert.Equal(ProposalState.Failed, (await world.ViewAsync(proposal.Id)).Row.State);
        Assert.Equal(before, (world.Replicas(), world.Writes("catalog")));
    }

    [Fact]
    public async Task Propose_OfWhatCannotBe_IsRefusedByName()
    {
        var scale = (string value) => world.ProposeAsync(OperationNames.Scale, "Deployment", "shop", "catalog", new LeafChange("spec.replicas", value));
        Assert.Equal("proposals.marker", (await scale("«withheld:12»")).Failure!.Code);
        Assert.Equal("proposals.no_change", (await scale(world.Replicas().ToString(System.Globalization.CultureInfo.InvariantCulture))).Failure!.Code);
        Assert.Equal("proposals.invalid", (await scale("many")).Failure!.Code);
        Assert.Equal("proposals.invalid", (await world.ProposeAsync(OperationNames.Patch, "Deployment", "shop", "catalog", new LeafChange("spec.template.spec.serviceAccountName", "admin"))).Failure!.Code);
        Assert.Equal("proposals.invalid", (await world.ProposeAsync(OperationNames.Scale, "Deployment", "shop", "catalog")).Failure!.Code);
        Assert.Equal("cluster.not_found", (await world.ProposeAsync(OperationNames.Scale, "Deployment", "shop", "nobody", new LeafChange("spec.replicas", "2"))).Failure!.Code);
    }

    [Fact]
    public async Task Roles_DecideWhoProposesAndApproves()
    {
        var leaf = new LeafChange("spec.replicas", "7");
        Assert.Equal(Failure.Forbidden, (await world.ProposeAsync(world.Viewer, OperationNames.Scale, "Deployment", "shop", "catalog", leaf)).Failure);
        var proposal = await world.ScaleAsync();
        Assert.Equal(Failure.Forbidden, (await world.ApproveAsync(proposal, world.Viewer)).Failure);
        Assert.Equal("proposals.token_may_not", (await world.ApproveAsync(proposal, world.Approver with { Kind = ActorKind.ApiToken })).Failure!.Code);
        Assert.False((await world.Cluster.Proposals.GetAsync(world.Viewer, world.Cluster.Team.Id, proposal.Id, CancellationToken.None)).Value!.MayDecide);
        var stranger = await world.Cluster.Core.ActorAsync();
        Assert.Equal(Failure.NotFound, (await world.ApproveAsync(proposal, stranger)).Failure);
        Assert.Equal(Failure.NotFound, (await world.Cluster.Approval.RejectAsync(stranger, world.Cluster.Team.Id, proposal.Id, CancellationToken.None)).Failure);
        Assert.Equal(Failure.NotFound, (await world.Cluster.Proposals.FindAsync(stranger, proposal.Id, CancellationToken.None)).Failure);
        Assert.Equal(ProposalState.Proposed, (await world.ViewAsync(proposal.Id)).Row.State);
    }

    [Fact]
    public async Task Approve_AfterTheProposerLeft_IsRefused()
    {
        var leaving = await world.Cluster.Core.ActorAsync();
        await world.Cluster.Core.JoinAsync(world.Cluster.Team.Id, leaving.UserId, TeamRole.Member);
        var made = await world.ProposeAsync(leaving, OperationNames.Scale, "Deployment", "shop", "catalog", new LeafChange("spec.replicas", "8"));
        await using (var db = await world.Cluster.Core.OpenAsync())
        {
            await db.Memberships.Where(m => m.UserId == leaving.UserId).ExecuteDeleteAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("proposals.proposer_gone", (await world.ApproveAsync(made.Value!)).Failure!.Code);
    }

    [Fact]
    public async Task Approve_OfScalingToZero_NeedsTheTypedName()
    {
        var made = await world.ProposeAsync(OperationNames.Scale, "Deployment", "monitoring", "grafana", new LeafChange("spec.replicas", "0"));
        Assert.Equal(ProposalRisk.Destructive, made.Value!.Risk);
        Assert.Equal("proposals.typed_name", (await world.ApproveAsync(made.Value)).Failure!.Code);
        Assert.Equal("proposals.typed_name", (await world.ApproveAsync(made.Value, typed: "graf")).Failure!.Code);

        // And a fresh proof that it is the approver who typed it (T20).
        Assert.Equal("accounts.step_up", (await world.ApproveAsync(made.Value, typed: "grafana")).Failure!.Code);
        var proven = await world.Cluster.Core.WithSessionAsync(world.Approver);
        Assert.True((await world.ApproveAsync(made.Value, proven, typed: "grafana")).IsOk);
    }

    [Fact]
    public async Task Propose_OnAClusterForReadingOnly_IsRefused()
    {
        await SetAccessAsync(ClusterAccessKind.ReadOnly);
        try
        {
            Assert.Equal("proposals.read_only_cluster", (await world.ProposeAsync(OperationNames.Scale, "Deployment", "shop", "catalog", new LeafChange("spec.replicas", "6"))).Failure!.Code);
        }
        finally
        {
            await SetAccessAsync(ClusterAccessKind.Propose);
        }
    }

    [Fact]
    public async Task Undo_OfAnExecutedChange_IsAProposalOfItsOwn()
    {
        var before = world.Replicas();
        var proposal = await world.ScaleAsync();
        Assert.True((await world.ApproveAsync(proposal)).IsOk);
        var undo = await world.Cluster.Proposals.ProposeUndoAsync(world.Approver, world.Cluster.Team.Id, proposal.Id, CancellationToken.None);
        Assert.True(undo.IsOk, undo.Failure?.Code);
        Assert.Equal(before + 1, world.Replicas());
        Assert.True((await world.ApproveAsync(undo.Value, world.Cluster.Owner)).IsOk);
        Assert.Equal(before, world.Replicas());
        Assert.Equal("proposals.not_undoable", (await world.Cluster.Proposals.ProposeUndoAsync(world.Approver, world.Cluster.Team.Id, undo.Value.Id, CancellationToken.None)).Failure!.Code);
    }

    private async Task SetAccessAsync(ClusterAccessKind access)
    {
        await using var db = await world.Cluster.Core.OpenAsync();
        await db.Clusters.Where(c => c.Id == world.Cluster.Cluster.Id).ExecuteUpdateAsync(s => s.SetProperty(c => c.Access, access));
    }
}
