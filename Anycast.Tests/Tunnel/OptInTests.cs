using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Anycast.Agent.OptIns;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.OptIns;

namespace Anycast.Tests.Tunnel;

/// <summary>Opt-ins: made by the customer in the cluster and nowhere else, for named namespaces, until a time.</summary>
public sealed class OptInTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // What a customer may have mistyped, or what is too much: none of it is in force.
    public static TheoryData<string> NotInForce =>
    [
        """{"kind":"AgentOptIn","spec":{}}""",
        """{"kind":"AgentOptIn"}""",
        """{"kind":"ConfigMap","spec":{"logs":{"namespaces":["shop"],"expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","metadata":{"deletionTimestamp":"2026-11-24T08:00:00Z"},"spec":{"logs":{"namespaces":["shop"],"expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop"]}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop"],"expiresAt":"never"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop"],"expiresAt":"2027-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop"],"expiresAt":1795599600}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":[],"expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":"shop","expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["*"],"expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop","../data"],"expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":true}}""",
        """{"kind":"AgentOptIn","spec":{"exec":{"namespaces":["shop"],"expiresAt":"2026-11-25T09:00:00Z"}}}""",
        """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop"],"expiresAt":"2026-11-24T08:59:59Z"}}}""",
    ];

    [Theory]
    [MemberData(nameof(NotInForce))]
    [PolicyClause("S07")]
    public void Parse_OfWhatIsNoOptIn_IsNoneInForce(string json) =>
        Assert.DoesNotContain(OptInReader.Parse(Encoding.UTF8.GetBytes(json), s_now), o => o.IsInForce(s_now));

    [Fact]
    public void Parse_OfAnOptIn_IsInForceUntilItsTimeAndNoSecondLonger()
    {
        var json = """{"kind":"AgentOptIn","spec":{"logs":{"namespaces":["shop","data"],"expiresAt":"2026-11-25T09:00:00Z"}}}""";

        var optIn = Assert.Single(OptInReader.Parse(Encoding.UTF8.GetBytes(json), s_now));

        Assert.Equal(OptInKind.Logs, optIn.Kind);
        Assert.Equal(["shop", "data"], optIn.Namespaces);
        Assert.True(optIn.IsInForce(s_now.AddDays(1).AddSeconds(-1)));
        Assert.False(optIn.IsInForce(s_now.AddDays(1)));
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Log_WithoutAnOptIn_NeverReachesTheApiServer()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));
        var shop = new LogQuery("shop", PodOf(sandbox, "shop"));
        var data = new LogQuery("data", PodOf(sandbox, "data"));

        // RBAC would let it pass everywhere: only the agent's law stands between.
        Bind(sandbox, "pods/log", "get");
        Assert.Equal(403, (await world.Client.LogsAsync(shop, Ct)).Status);
        Assert.Empty(LogRequests(sandbox));

        // The positive control: with the opt-in the same request arrives, in its namespace and in no other.
        Allow(sandbox, "logs", "shop", TimeSpan.FromHours(1));
        (int Status, LogText? Text) answer = default;
        await Eventually.TrueAsync(async () => (answer = await world.Client.LogsAsync(shop, Ct)).Status == 200, "the opt-in is seen", TimeSpan.FromSeconds(5));
        Assert.Equal(5, answer.Text!.Lines.Count);
        Assert.Equal("shop", Assert.Single(LogRequests(sandbox)).Namespace);
        Assert.Equal(403, (await world.Client.LogsAsync(data, Ct)).Status);

        // Each line of the sandbox holds a token: none of it is in what arrived.
        Assert.Equal(5, answer.Text.Withheld);
        Assert.Empty(sandbox.Canaries.Where(c => answer.Text.Lines.Any(l => l.Contains(c, StringComparison.Ordinal))));
        Assert.Equal(0, world.Client.Differences);

        // Withdrawn, and refused within five seconds.
        sandbox.Store.Delete("agentoptins", "anycast-system", "default");
        await Eventually.TrueAsync(async () => (await world.Client.LogsAsync(shop, Ct)).Status == 403, "the withdrawal is seen", TimeSpan.FromSeconds(5));
        var reached = LogRequests(sandbox).Count;
        Assert.Equal(403, (await world.Client.LogsAsync(shop, Ct)).Status);
        Assert.Equal(reached, LogRequests(sandbox).Count);
        Assert.All(LogRequests(sandbox), r => Assert.Equal("shop", r.Namespace));
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Log_WithAnOptInButWithoutTheRight_IsRefusedByTheApiServer()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        Allow(sandbox, "logs", "shop", TimeSpan.FromHours(1));
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));

        var (status, text) = await world.Client.LogsAsync(new LogQuery("shop", PodOf(sandbox, "shop")), Ct);

        Assert.Equal((403, true), (status, text is null));
        Assert.Equal(403, Assert.Single(LogRequests(sandbox)).Status);
    }

    [Theory]
    [InlineData("shop/web/exec")]
    [InlineData("shop/web?container=a&container=b")]
    [InlineData("shop/web?follow=true")]
    [InlineData("shop/web?container=a%26follow%3Dtrue")]
    [InlineData("shop/..")]
    [InlineData("shop/web%2flog")]
    [InlineData("SHOP/web")]
    [InlineData("shop/")]
    [InlineData("shop")]
    [PolicyClause("S07")]
    public void Parse_OfALogsPathThatIsNone_IsRefused(string target) => Assert.Null(Anycast.Agent.Serving.LogsEndpoint.Parse(target));

    [Fact]
    [PolicyClause("S07")]
    public async Task Operation_OfAnAgentThatOnlyReads_NeedsAnOptInOfItsKind()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true), with: o => o with { Propose = false });
        var image = new OperationRequest(OperationNames.SetImage, new OperationTarget("apps", "Deployment", "shop", "cart"), [new LeafChange("spec.template.spec.containers[cart].image", "registry.example/cart:2")], DryRun: true);

        foreach (var request in new[] { Scale("shop", "cart"), image })
        {
            var refused = await world.Client.OperateAsync(request, Ct);
            Assert.Equal((OperationStatus.Forbidden, "NotOptedIn"), (refused.Status, refused.Reason));
        }

        Assert.DoesNotContain(sandbox.Requests.ByAgent(), r => r.Resource == "deployments");

        Allow(sandbox, "scaleRestart", "shop", TimeSpan.FromHours(1));
        await Eventually.TrueAsync(async () => (await world.Client.OperateAsync(Scale("shop", "cart"), Ct)).Status == OperationStatus.Applied, "the opt-in is seen", TimeSpan.FromSeconds(5));
        Assert.Equal("NotOptedIn", (await world.Client.OperateAsync(image, Ct)).Reason);
        Assert.Equal("NotOptedIn", (await world.Client.OperateAsync(Scale("data", "cart"), Ct)).Reason);
    }

    private static OperationRequest Scale(string ns, string name) =>
        new(OperationNames.Scale, new OperationTarget("apps", "Deployment", ns, name), [new LeafChange("spec.replicas", "2")], DryRun: true);

    private static List<Anycast.Sandbox.Serving.RecordedRequest> LogRequests(SandboxCluster sandbox) => [.. sandbox.Requests.ByAgent().Where(r => r.Resource == "pods/log")];

    private static string PodOf(SandboxCluster sandbox, string ns) => sandbox.Store.List("Pod", ns)[0]["metadata"]!["name"]!.GetValue<string>();

    private static void Allow(SandboxCluster sandbox, string field, string ns, TimeSpan time) => sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
        {"apiVersion":"agent.anycast.io/v1","kind":"AgentOptIn","metadata":{"name":"default","namespace":"anycast-system"},
         "spec":{"{{field}}":{"namespaces":["{{ns}}"],"expiresAt":"{{(DateTimeOffset.UtcNow + time).ToString("O", CultureInfo.InvariantCulture)}}"} } }
        """)!);

    private static void Bind(SandboxCluster sandbox, string resource, string verb)
    {
        sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"bound"},"rules":[{"apiGroups":[""],"resources":["{{resource}}"],"verbs":["{{verb}}"]}]}
            """)!);
        sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"bound"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"bound"},"subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }
}
