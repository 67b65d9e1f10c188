using System.Diagnostics;
using System.Text.Json.Nodes;
using Anycast.Agent.Cluster;
using Anycast.Agent.Leading;
using Anycast.Core.Agents.Transport;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Agent;

/// <summary>Two replicas of an agent, of which one leads.</summary>
public sealed class LeaderTests
{
    private const string Lease = "anycast-system/cluster-agent-leader";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("KILL", 40)]
    [InlineData("TERM", 15)]
    [InlineData("STOP", 40)]
    public async Task Leader_ThatIsGone_IsReplacedByTheOtherWithTheSameKey(string signal, int within)
    {
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false }, Ct);
        await using var service = await ServiceHost.StartAsync();
        using var first = Start(service, cluster);
        var carrier = await service.NextAsync(s_patience);
        await Eventually.TrueAsync(() => carrier.RoundTrip > TimeSpan.Zero, "the first leads");
        using var second = Start(service, cluster);
        await Eventually.TrueAsync(async () => (await second.HealthAsync("ready")).EndsWith("leads.", StringComparison.Ordinal), "the second stands by", s_patience);
        Assert.Single(service.Hellos);

        var clock = Stopwatch.StartNew();
        first.Signal(signal);
        var next = await service.NextAsync(s_patience);
        await Eventually.TrueAsync(() => next.RoundTrip > TimeSpan.Zero, "the second leads");

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(within), $"took over after {clock.Elapsed}");
        Assert.Equal(("t", null), (service.Hellos[0].Token, service.Hellos[1].Token));
        Assert.Equal("agent-1", service.Hellos[1].AgentId);
        Assert.Equal(service.Hellos[0].PublicKey, service.Hellos[1].PublicKey);
        Assert.True((await new AgentClient(next).GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);

        // A leader that was only frozen finds itself replaced and does not come back beside the other.
        if (signal == "STOP")
        {
            first.Signal("CONT");
            await Eventually.TrueAsync(() => first.Log.Contains("This replica leads no longer", StringComparison.Ordinal), "the first notices", s_patience);
            Assert.True(next.IsOpen);
            Assert.Equal(2, service.Hellos.Count);
        }
    }

    [Fact]
    public async Task Hold_WhileTheApiServerRefuses_EndsBeforeAnotherMayTakeOver()
    {
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false }, Ct);
        using var access = ClusterAccess.FromKubeconfig(Anycast.Agent.Cluster.Kubeconfig.Parse(cluster.Kubeconfig(agent: true), "."), TimeProvider.System);
        using var api = new KubernetesApi(access, TimeProvider.System);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var mine = new LeaderLease(api, Lease, "mine", clock, NullLogger.Instance);
        var theirs = new LeaderLease(api, Lease, "theirs", clock, NullLogger.Instance);
        await mine.AcquireAsync(_ => { }, Ct);
        var waited = new List<string>();
        var taking = theirs.AcquireAsync(waited.Add, Ct);
        await Eventually.TrueAsync(() => waited.Count > 0, "the other sees who leads");
        Assert.Equal("mine leads", waited[0]);

        var began = clock.GetUtcNow();
        var holding = mine.HoldAsync(Ct);
        using (cluster.Faults.Fail(503, r => r.Resource == "leases" && r.Verb == "patch"))
        {
            await PassAsync(() => holding.IsCompleted);
            await holding;
        }

        Assert.InRange(clock.GetUtcNow() - began, LeaderLease.RenewLimit, LeaderLease.Duration - TimeSpan.FromSeconds(1));
        Assert.False(taking.IsCompleted);
        await PassAsync(() => taking.IsCompleted);
        await taking;
        Assert.Equal("theirs", Spec(cluster)["holderIdentity"]!.GetValue<string>());
        Assert.Equal(2, Spec(cluster)["leaseTransitions"]!.GetValue<int>());

        async Task PassAsync(Func<bool> done) => await Eventually.TrueAsync(
            () =>
            {
                if (!done())
                {
                    clock.Advance(TimeSpan.FromMilliseconds(100));
                }

                return done();
            },
            "time passes",
            s_patience);
    }

    [Fact]
    public async Task Release_ByAnotherThanTheHolder_LeavesTheLeaseAlone()
    {
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false }, Ct);
        using var access = ClusterAccess.FromKubeconfig(Anycast.Agent.Cluster.Kubeconfig.Parse(cluster.Kubeconfig(agent: true), "."), TimeProvider.System);
        using var api = new KubernetesApi(access, TimeProvider.System);
        var mine = new LeaderLease(api, Lease, "mine", TimeProvider.System, NullLogger.Instance);
        await mine.AcquireAsync(_ => { }, Ct);

        await new LeaderLease(api, Lease, "theirs", TimeProvider.System, NullLogger.Instance).ReleaseAsync(Ct);
        Assert.Equal("mine", Spec(cluster)["holderIdentity"]!.GetValue<string>());

        await mine.ReleaseAsync(Ct);
        Assert.Equal("", Spec(cluster)["holderIdentity"]!.GetValue<string>());
        Assert.DoesNotContain(cluster.Requests.ByAgent(), r => r.Status == 403);
    }

    private static JsonNode Spec(SandboxCluster cluster) => cluster.Store.Get("Lease", "anycast-system", "cluster-agent-leader")!["spec"]!;

    private static AgentProcess Start(ServiceHost service, SandboxCluster cluster) => new(
        service.Address,
        cluster.Kubeconfig(agent: true),
        "t",
        ("ANYCAST_LEADER_LEASE", Lease),
        ("ANYCAST_CREDENTIAL_SECRET", "anycast-system/cluster-agent-credential"));
}
