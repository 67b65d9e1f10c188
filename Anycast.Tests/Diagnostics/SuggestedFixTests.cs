using Anycast.Core.Clusters;
using Anycast.Core.Diagnostics;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Operations;

namespace Anycast.Tests.Diagnostics;

/// <summary>Whatever the analyzers offer for the broken shop, approved on the real path, heals the object it was offered for.</summary>
public sealed class SuggestedFixTests
{
    private static readonly string[] s_offered =
    [
        "CronJob batch/nightly-settlement",
        "Deployment payments/fraud-scorer",
        "Deployment shop/checkout",
        "Deployment shop/notifications",
        "Deployment shop/recommendations",
        "Ingress payments/payments-public",
        "Service shop/search",
    ];

    [Fact]
    public async Task Shop_EveryOfferedFixApproved_Heals()
    {
        await using var shop = await ConnectedCluster.StartAsync(speed: 20);
        var approver = await shop.Core.ActorAsync();
        await shop.Core.JoinAsync(shop.Team.Id, approver.UserId, TeamRole.Member);
        var diagnosis = new DiagnosisService(shop.Gateway, new Diagnosis(DiagnosticsSetup.Analyzers));
        async Task<IReadOnlyList<Finding>> FindAsync()
        {
            var run = await diagnosis.RunAsync(shop.Owner, shop.Team.Id, shop.Cluster.Id, null, CancellationToken.None);
            Assert.True(run.IsOk, run.Failure?.Code);
            return run.Value.Findings;
        }

        // The sandbox's past has happened when all that it breaks is broken.
        IReadOnlyList<Finding> offered = [];
        await Eventually.TrueAsync(
            async () => (offered = [.. (await FindAsync()).Where(f => f.Fix is not null)]).Count >= s_offered.Length, "all faults are there", TimeSpan.FromSeconds(60));
        Assert.Equal(s_offered, offered.Select(f => f.Fix!.Target.ToString()).Order(StringComparer.Ordinal));

        foreach (var finding in offered)
        {
            var fix = finding.Fix!;
            var target = new OperationTarget(ClusterKinds.GroupOf(fix.Target.Kind), fix.Target.Kind, fix.Target.Namespace, fix.Target.Name);
            var proposed = await shop.Proposals.ProposeAsync(
                shop.Owner, shop.Team.Id, new ProposalRequest(shop.Cluster.Id, fix.Operation, target, [.. fix.Leaves], "test"), CancellationToken.None);
            Assert.True(proposed.IsOk, $"{fix.Target}: {proposed.Failure?.Code}");
            var approved = await shop.Approval.ApproveAsync(approver, shop.Team.Id, proposed.Value.Id, fix.Target.Name, CancellationToken.None);
            Assert.True(approved.IsOk, $"{fix.Target}: {approved.Failure?.Code}");
        }

        var left = "";
        await Eventually.TrueAsync(
            async () =>
            {
                var still = (await FindAsync()).Where(f => s_offered.Contains(f.Subject.ToString())).ToList();
                left = string.Join("\n", still.Select(f => $"{f.Rule} {f.Subject}"));
                return still.Count == 0;
            },
            "nothing is wrong any more with what was mended",
            TimeSpan.FromSeconds(90)).ContinueWith(t => Assert.True(t.IsCompletedSuccessfully, left), TaskScheduler.Default);

        foreach (var target in offered.Select(f => f.Fix!.Target).Where(t => t.Kind == "Deployment"))
        {
            var status = shop.Sandbox.Store.Get("Deployment", target.Namespace, target.Name)!;
            Assert.Equal((int?)status["spec"]!["replicas"], (int?)status["status"]!["readyReplicas"]);
            Assert.Equal((int?)status["spec"]!["replicas"], (int?)status["status"]!["updatedReplicas"]);
        }
    }
}
