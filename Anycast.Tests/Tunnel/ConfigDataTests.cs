using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Agent.Serving;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Projection;

namespace Anycast.Tests.Tunnel;

/// <summary>Keys and values of ConfigMaps: only under the customer's opt-in, only in its namespaces, and never of a Secret.</summary>
public sealed class ConfigDataTests
{
    private const int Many = 40;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task ConfigData_WithoutAnOptIn_NeverReachesTheApiServer()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        Bind(sandbox);
        Plant(sandbox, "shop");
        Plant(sandbox, "data");
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));

        // RBAC would let it pass everywhere: only the agent's law stands between.
        Assert.Equal((403, true), await StatusAsync(world, "shop", "app-0"));
        Assert.Empty(Requests(sandbox));

        // With the opt-in all of its namespace arrives (the positive control), and nothing of any other.
        Allow(sandbox, "shop");
        await Eventually.TrueAsync(async () => (await world.Client.ConfigDataAsync(new ConfigQuery("shop", "app-0"), Ct)).Status == 200, "the opt-in is seen", TimeSpan.FromSeconds(5));
        var came = new StringBuilder();
        foreach (var (ns, name) in from ns in new[] { "shop", "data" } from i in Enumerable.Range(0, Many) select (ns, $"app-{i}"))
        {
            var (status, text) = await world.Client.ConfigDataAsync(new ConfigQuery(ns, name), Ct);
            Assert.Equal(ns == "shop" ? 200 : 403, status);
            came.Append(JsonSerializer.Serialize(text, Anycast.Tunnel.TunnelJson.Default.ConfigText));
        }

        var arrived = came.ToString();
        Assert.All(Enumerable.Range(0, Many), i => Assert.True(Has(arrived, $"key-shop-{i}") && Has(arrived, $"value-shop-{i}"), $"{i} is missing"));
        Assert.All(
            Enumerable.Range(0, Many).SelectMany(i => new[] { $"key-data-{i}", $"value-data-{i}", $"binary-shop-{i}", $"note-shop-{i}", $"secret-shop-{i}" }),
            canary => Assert.False(Has(arrived, canary), canary));
        Assert.All(Requests(sandbox), r => Assert.Equal(("shop", "GET"), (r.Namespace, r.Method)));
        Assert.DoesNotContain(sandbox.Requests.ByAgent(), r => r.Resource == "secrets");
        Assert.Equal(0, world.Client.Differences);

        // A Secret of another name than any ConfigMap's: there is no way to it.
        Assert.Equal((404, true), await StatusAsync(world, "shop", "only-a-secret"));

        // Withdrawn, and refused within five seconds.
        sandbox.Store.Delete("agentoptins", "anycast-system", "default");
        await Eventually.TrueAsync(async () => (await world.Client.ConfigDataAsync(new ConfigQuery("shop", "app-0"), Ct)).Status == 403, "the withdrawal is seen", TimeSpan.FromSeconds(5));
        var reached = Requests(sandbox).Count;
        Assert.Equal((403, true), await StatusAsync(world, "shop", "app-0"));
        Assert.Equal(reached, Requests(sandbox).Count);
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task ConfigData_WithAnotherKindOfOptInOrWithoutTheRight_IsRefused()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        Plant(sandbox, "shop");
        Allow(sandbox, "shop", "logs");
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));
        Assert.Equal((403, true), await StatusAsync(world, "shop", "app-0"));
        Assert.Empty(Requests(sandbox));

        Allow(sandbox, "shop");
        await Eventually.TrueAsync(async () => await StatusAsync(world, "shop", "app-0") == (403, true) && Requests(sandbox).Count > 0, "the API server is asked", TimeSpan.FromSeconds(5));
        Assert.All(Requests(sandbox), r => Assert.Equal(403, r.Status));
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("shop/")]
    [InlineData("shop/..")]
    [InlineData("../secrets")]
    [InlineData("shop/app/../../secrets")]
    [InlineData("shop/app%2f..%2fsecrets")]
    [InlineData("shop/app?watch=true")]
    [InlineData("SHOP/app")]
    [InlineData("")]
    [PolicyClause("S07")]
    public void Parse_OfAPathThatIsNone_IsRefused(string target) => Assert.Null(ConfigDataEndpoint.Parse(target));

    [Theory]
    [InlineData("""{"kind":"Secret","metadata":{"name":"app","namespace":"shop"},"data":{"a":"b"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"other","namespace":"shop"},"data":{"a":"b"}}""")]
    [InlineData("""{"kind":"ConfigMap","metadata":{"name":"app","namespace":"data"},"data":{"a":"b"}}""")]
    [InlineData("""{"kind":"ConfigMapList","items":[]}""")]
    [InlineData("""["ConfigMap"]""")]
    [InlineData("no json")]
    [PolicyClause("S07")]
    public void Redact_OfAnotherObjectThanWasAskedFor_LetsNothingPass(string json) =>
        Assert.Throws<ProjectionException>(() => ConfigRedactor.Redact(new ConfigQuery("shop", "app"), Encoding.UTF8.GetBytes(json)));

    [Fact]
    [PolicyClause("S07")]
    public void Redact_OfSecretsInAConfigMap_KeepsTheirLinesBack()
    {
        var data = new Dictionary<string, string>
        {
            ["app.properties"] = "level=debug\npassword=hunter2hunter2\nregion=eu",
            ["tls.key"] = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\nafter",
            ["db-password"] = "Sommer2026winter",
            ["token"] = "ghp_" + new string('a', 36),
            ["we ird/key"] = "x",
            ["plain"] = "orders@example.org",
        };

        var text = Redact(data);

        Assert.Equal(["level=debug", "«withheld:23»", "region=eu"], Lines(text, "app.properties"));
        Assert.Equal("after", Lines(text, "tls.key")[^1]);
        Assert.All(Lines(text, "tls.key").SkipLast(1), l => Assert.StartsWith("«withheld:", l, StringComparison.Ordinal));
        Assert.Equal(["«withheld:16»"], Lines(text, "db-password"));
        Assert.Equal(["«withheld:40»"], Lines(text, "token"));
        Assert.Equal(["orders@example.org"], Lines(text, "plain"));
        Assert.Contains(text.Entries, e => e.Key == "«withheld:10»");
        Assert.Equal(7, text.Withheld);
    }

    [Fact]
    [PolicyClause("S07")]
    public void Check_OfWhatAnAgentLetThrough_TakesItOutAndCountsIt()
    {
        var passed = JsonSerializer.Deserialize("""{"entries":[{"key":"a","lines":["fine","password=hunter2hunter2"]},{"key":"b","lines":["«withheld:9»"]}],"binary":1,"withheld":1,"cut":false}""", Anycast.Tunnel.TunnelJson.Default.ConfigText)!;

        var (own, differences) = ConfigRedactor.Check(passed);

        Assert.Equal(1, differences);
        Assert.Equal(["fine", "«withheld:23»"], Lines(own, "a"));
        Assert.Equal((2, 1), (own.Withheld, own.Binary));
    }

    [Fact]
    public void Redact_OfMoreThanTheBounds_CutsAndSaysSo()
    {
        var keys = Redact(Enumerable.Range(0, ConfigRedactor.MostKeys + 1).ToDictionary(i => $"k{i:000}", _ => "v"));
        var lines = Redact(new() { ["a"] = string.Join('\n', Enumerable.Repeat("x", ConfigRedactor.MostLines)), ["b"] = "y" });

        Assert.Equal((true, ConfigRedactor.MostKeys), (keys.Cut, keys.Entries.Count));
        Assert.Equal((true, ConfigRedactor.MostLines), (lines.Cut, lines.Entries.Sum(e => e.Lines.Count)));
    }

    private static ConfigText Redact(Dictionary<string, string> data) =>
        ConfigRedactor.Redact(new ConfigQuery("shop", "app"), JsonSerializer.SerializeToUtf8Bytes(new { kind = "ConfigMap", metadata = new { name = "app", @namespace = "shop" }, data }));

    private static IReadOnlyList<string> Lines(ConfigText text, string key) => text.Entries.Single(e => e.Key == key).Lines;

    private static bool Has(string text, string canary) => text.Contains(Canary(canary), StringComparison.Ordinal);

    /// <summary>Words, so that no detector takes it for a secret: what is held back is held back by the law alone.</summary>
    private static string Canary(string of) => $"canary-{of}-end";

    private static async Task<(int Status, bool Nothing)> StatusAsync(TunnelWorld world, string ns, string name)
    {
        var (status, text) = await world.Client.ConfigDataAsync(new ConfigQuery(ns, name), Ct);
        return (status, text is null);
    }

    private static List<Anycast.Sandbox.Serving.RecordedRequest> Requests(SandboxCluster sandbox) => [.. sandbox.Requests.ByAgent().Where(r => r.Resource == "configmaps")];

    private static void Plant(SandboxCluster sandbox, string ns)
    {
        for (var i = 0; i < Many; i++)
        {
            sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
                {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"app-{{i}}","namespace":"{{ns}}","annotations":{"note":"{{Canary($"note-{ns}-{i}")}}"} },
                 "data":{"{{Canary($"key-{ns}-{i}")}}":"first line\n{{Canary($"value-{ns}-{i}")}}"},
                 "binaryData":{"blob":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(Canary($"binary-{ns}-{i}")))}}"} }
                """)!);
            sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
                {"apiVersion":"v1","kind":"Secret","metadata":{"name":"app-{{i}}","namespace":"{{ns}}"},"stringData":{"k":"{{Canary($"secret-{ns}-{i}")}}"} }
                """)!);
        }

        sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"only-a-secret","namespace":"{{ns}}"},"stringData":{"k":"v"} }""")!);
    }

    private static void Allow(SandboxCluster sandbox, string ns, string field = "configData") => sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
        {"apiVersion":"agent.anycast.io/v1","kind":"AgentOptIn","metadata":{"name":"default","namespace":"anycast-system"},
         "spec":{"{{field}}":{"namespaces":["{{ns}}"],"expiresAt":"{{DateTimeOffset.UtcNow.AddHours(1).ToString("O", CultureInfo.InvariantCulture)}}"} } }
        """)!);

    private static void Bind(SandboxCluster sandbox)
    {
        sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"bound"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]}
            """)!);
        sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"bound"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"bound"},"subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }
}
