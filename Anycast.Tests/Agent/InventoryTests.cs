using System.Text;
using System.Text.Json.Nodes;
using Anycast.Agent;
using Anycast.Agent.Inventory;
using Anycast.Core.Agents.Install;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Inventory;
using Anycast.Core.Common;
using Anycast.Core.Diagnostics;
using Anycast.Sandbox;
using Anycast.Tests.Clusters;
using Anycast.Tests.Deploy;
using Anycast.Tests.Harness;
using Anycast.Tests.Sandbox;
using Anycast.Tests.Tunnel;
using Anycast.Tunnel.Rights;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Tests.Agent;

/// <summary>The inventory broker: names of Secrets and ConfigMaps beyond the broker, and nothing else of them.</summary>
public sealed class InventoryTests
{
    private const int Many = 60;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task Names_OfSecrets_ArriveAndNothingElseOfThem()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await InstallAsync(sandbox);
        Plant(sandbox);
        using var lines = new LogLines();
        await using var broker = new Broker(sandbox, lines);
        await WrittenAsync(sandbox, "secrets", "inv", Many);
        await WrittenAsync(sandbox, "configmaps", "inv", Many);

        // What stands in the cluster for the agent, what the agent lets out, and what the broker said: no canary in any of it.
        await using var world = await TunnelWorld.StartAsync(sandbox.Kubeconfig(agent: true));
        var answer = await world.Client.GetObjectsAsync("/apis/agent.anycast.io/v1/objectinventories?limit=100", Ct);
        Assert.True(answer.IsOk);
        var sinks = string.Concat(sandbox.Store.List("objectinventories").Select(o => o.ToJsonString())) + Encoding.UTF8.GetString(answer.Json.Span) + lines;
        Assert.DoesNotContain("canary", sinks, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Y2FuYXJ5", sinks, StringComparison.Ordinal);
        Assert.Empty(sandbox.Canaries.Where(c => sinks.Contains(c, StringComparison.Ordinal)));
        Assert.DoesNotContain("managedFields", Encoding.UTF8.GetString(answer.Json.Span), StringComparison.Ordinal);

        // The positive control: every name is there, with its age and the labels that are plain.
        var found = Inventory(answer.Json, DateTimeOffset.UtcNow);
        Assert.All(Enumerable.Range(0, Many), i => Assert.Equal((true, true), (found.Has("Secret", "inv", $"secret-{i}"), found.Has("ConfigMap", "inv", $"config-{i}"))));
        Assert.NotNull(found.Find("Secret", "inv", "secret-0")!.CreatedAt);
        Assert.False(found.Has("Secret", "inv", "secret-none"));
        Assert.Null(found.Has("Secret", "nowhere", "secret-0"));
        Assert.Contains("\"app\":\"web\"", Encoding.UTF8.GetString(answer.Json.Span), StringComparison.Ordinal);
        Assert.Equal(0, world.Client.Differences);

        // It asked for metadata alone, and wrote nothing but its own objects.
        var asked = sandbox.Requests.Snapshot().Where(r => r.User.EndsWith(":inventory-broker", StringComparison.Ordinal)).ToList();
        Assert.Equal(["configmaps list", "configmaps watch", "objectinventories patch", "secrets list", "secrets watch"], asked.Select(r => $"{r.Resource} {r.Verb}").Distinct().Order());
        Assert.DoesNotContain(sandbox.Requests.ByAgent(), r => r.Resource is "secrets" or "configmaps");
    }

    [Fact]
    public async Task Names_FollowTheCluster()
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions(), Ct);
        await InstallAsync(sandbox);
        Namespace(sandbox, "inv");
        Namespace(sandbox, "inv2");
        Namespace(sandbox, "inv3");
        Put(sandbox, "ConfigMap", "inv3", "alone");
        Put(sandbox, "Secret", "inv", "one");
        await using var broker = new Broker(sandbox);
        await NamesAsync(sandbox, "secrets", "inv", "one");

        // Where there is none of a kind, its list is empty, so that a name is known to be missing.
        await NamesAsync(sandbox, "secrets", "inv3");

        Put(sandbox, "Secret", "inv", "two");
        await NamesAsync(sandbox, "secrets", "inv", "one", "two");
        sandbox.Store.Delete("Secret", "inv", "one");
        await NamesAsync(sandbox, "secrets", "inv", "two");

        // Another value of the same Secret is nobody's business: nothing is written.
        var version = List(sandbox, "secrets", "inv")!["metadata"]!["resourceVersion"]!.GetValue<string>();
        sandbox.Store.Change("Secret", "inv", "two", s => s["data"] = new JsonObject { ["k"] = "bmV3" });
        Put(sandbox, "Secret", "inv2", "marker");
        await NamesAsync(sandbox, "secrets", "inv2", "marker");
        Assert.Equal(version, List(sandbox, "secrets", "inv")!["metadata"]!["resourceVersion"]!.GetValue<string>());

        // Cut off, and listed anew.
        sandbox.Faults.DropWatches();
        Put(sandbox, "Secret", "inv", "three");
        await NamesAsync(sandbox, "secrets", "inv", "three", "two");
    }

    /// <summary>A list's items name their kind, or, as API servers write whole ones, do not.</summary>
    [Theory]
    [InlineData("\"kind\":\"Secret\",\"apiVersion\":\"v1\",")]
    [InlineData("")]
    [PolicyClause("S07")]
    public async Task Broker_ThatGetsWholeObjects_WritesNothing(string kind)
    {
        var accepted = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var api = await ScriptedApi.StartAsync((context, _) =>
        {
            accepted.Enqueue(context.Request.Headers.Accept.ToString());
            return ScriptedApi.JsonAsync(context, $$$"""{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[{{{{kind}}}"metadata":{"name":"canary","namespace":"inv"},"data":{"k":"Y2FuYXJ5"}}]}""");
        });
        using var lines = new LogLines();
        await using var broker = new Broker(api.Kubeconfig, lines);

        await Eventually.TrueAsync(() => lines.ToString().Contains("WrongKind", StringComparison.Ordinal), "the broker says that it got something else");
        await Eventually.TrueAsync(() => api.Calls.Count(c => c.Target.StartsWith("/api/v1/secrets", StringComparison.Ordinal)) > 1, "it asks again");
        Assert.DoesNotContain(api.Calls, c => c.Method == "PATCH");
        Assert.DoesNotContain("Y2FuYXJ5", lines.ToString(), StringComparison.Ordinal);
        Assert.All(accepted, a => Assert.Equal("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", a.Replace(" ", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void Options_WithAWayOut_AreRefused()
    {
        foreach (var name in new[] { "ANYCAST_SERVER", "ANYCAST_TOKEN", "HTTPS_PROXY" })
        {
            Assert.Contains("no way out", Assert.Throws<AgentSetupException>(() => InventoryOptions.FromEnvironment(n => n == name ? "https://x.example.org" : null)).Message, StringComparison.Ordinal);
        }

        Assert.Null(InventoryOptions.FromEnvironment(_ => null).HealthPort);
    }

    [Fact]
    public void List_ThatIsOldOrNotWhole_ProvesNoAbsence()
    {
        var now = new DateTimeOffset(2026, 11, 26, 9, 0, 0, TimeSpan.Zero);
        string Json(string at, string complete) => $$"""{"items":[{"metadata":{"namespace":"shop"},"spec":{"of":"Secret","observedAt":"{{at}}","complete":{{complete}},"items":[{"name":"db"}]} }]}""";

        Assert.False(Inventory(Encoding.UTF8.GetBytes(Json("2026-11-26T08:50:00Z", "true")), now).Has("Secret", "shop", "other"));
        Assert.Null(Inventory(Encoding.UTF8.GetBytes(Json("2026-11-26T08:30:00Z", "true")), now).Has("Secret", "shop", "other"));
        Assert.Null(Inventory(Encoding.UTF8.GetBytes(Json("2026-11-26T08:50:00Z", "false")), now).Has("Secret", "shop", "other"));
        Assert.True(Inventory(Encoding.UTF8.GetBytes(Json("2026-11-26T08:30:00Z", "false")), now).Has("Secret", "shop", "db"));
    }

    [Fact]
    public async Task Diagnosis_OfAReferenceThatIsNotInTheInventory_SaysSoBeforeThePodFails()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var pod = world.Sandbox.Store.List("Pod", "shop").First(p => p["status"]!["phase"]?.GetValue<string>() == "Running");
        var name = pod["metadata"]!["name"]!.GetValue<string>();
        world.Sandbox.Store.Change("Pod", "shop", name, p => p["spec"]!["imagePullSecrets"] = new JsonArray(new JsonObject { ["name"] = "registry-gone" }));
        Assert.DoesNotContain(await FindingsAsync(world), f => f.Detail.Contains("registry-gone", StringComparison.Ordinal));
        Assert.True((await world.Gateway.InventoryAsync(world.Owner, world.Team.Id, world.Cluster.Id, "shop", Ct)).Value!.IsEmpty);

        await InstallAsync(world.Sandbox);
        await using var broker = new Broker(world.Sandbox);
        await Eventually.TrueAsync(() => List(world.Sandbox, "secrets", "shop") is not null, "the names are written", TimeSpan.FromSeconds(20));

        var finding = Assert.Single(await FindingsAsync(world), f => f.Detail.Contains("registry-gone", StringComparison.Ordinal));
        Assert.Equal(("SecretMissing", FindingSeverity.Warning), (finding.Rule, finding.Severity));
        Assert.Contains(finding.Evidence, e => e.Object.Kind == "ObjectInventory");
        Assert.Contains("registry-gone", FindingTexts.Title(finding, System.Globalization.CultureInfo.GetCultureInfo("en")), StringComparison.Ordinal);
        Assert.Contains(await DeparturesAsync(world), d => d is { Operation: DepartureOperation.List, Kind: "ObjectInventory" });
        var stranger = await world.Core.ActorAsync();
        Assert.Equal("not_found", (await world.Gateway.InventoryAsync(stranger, world.Team.Id, world.Cluster.Id, "shop", Ct)).Failure!.Code);
    }

    [Fact]
    [PolicyClause("S07")]
    public void Roles_OfTheAddOn_GiveTheAgentNamesAndTheBrokerNoWayOut()
    {
        var documents = Rendered().SelectMany(RoleReader.Documents).ToList();
        IReadOnlyList<RoleRule> Role(string name) => RoleReader.Rules(documents.Single(d => RoleReader.Text(d, "kind") == "ClusterRole" && RoleReader.Text(d, "metadata", "name") == name));

        Assert.Empty(RightsLinter.Check(Role("cluster-agent-addon-inventory")));
        Assert.Equal(["configmaps", "secrets", "workload_write"], RightsLinter.Check(Role("inventory-broker")).Select(e => e.Code).Distinct().Order());
        Assert.All(Role("inventory-broker"), r => Assert.Empty(r.Verbs.Except(["list", "watch", "get", "create", "patch"])));
        var bindings = documents.Where(d => RoleReader.Text(d, "kind") == "ClusterRoleBinding").ToDictionary(d => RoleReader.Text(d, "roleRef", "name"), d => d["subjects"].ToString());
        Assert.Contains("inventory-broker", bindings["inventory-broker"], StringComparison.Ordinal);
        Assert.DoesNotContain("cluster-agent", bindings["inventory-broker"], StringComparison.Ordinal);

        var policy = documents.Single(d => RoleReader.Text(d, "kind") == "NetworkPolicy");
        var text = policy.ToString();
        Assert.Contains("10.1.2.3/32", text, StringComparison.Ordinal);
        Assert.Contains("Egress", text, StringComparison.Ordinal);
        Assert.DoesNotContain("53", text, StringComparison.Ordinal);
        var deployment = documents.Single(d => RoleReader.Text(d, "kind") == "Deployment").ToString();
        Assert.Contains("readOnlyRootFilesystem, true", deployment, StringComparison.Ordinal);
        Assert.DoesNotContain("ANYCAST_SERVER", deployment, StringComparison.Ordinal);
        Assert.Contains("inventory", deployment, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<Departure>> DeparturesAsync(ConnectedCluster world) =>
        (await world.Core.Get<DepartureService>().ListAsync(world.Owner, world.Team.Id, world.Cluster.Id, new DepartureFilter("ObjectInventory"), new PageRequest(), Ct)).Value!.Items;

    private static async Task<IReadOnlyList<Finding>> FindingsAsync(ConnectedCluster world)
    {
        var result = await new DiagnosisService(world.Gateway, new Diagnosis(DiagnosticsSetup.Analyzers)).RunAsync(world.Owner, world.Team.Id, world.Cluster.Id, "shop", Ct);
        Assert.True(result.IsOk, result.Failure?.Code);
        Assert.Empty(result.Value.BrokenAnalyzers);
        return result.Value.Findings;
    }

    private static ClusterInventory Inventory(ReadOnlyMemory<byte> json, DateTimeOffset now)
    {
        using var document = System.Text.Json.JsonDocument.Parse(json);
        return ClusterInventory.Of(document.RootElement.GetProperty("items").EnumerateArray(), now);
    }

    private static Task WrittenAsync(SandboxCluster sandbox, string list, string ns, int count) => Eventually.TrueAsync(
        () => List(sandbox, list, ns)?["spec"]?["items"] is JsonArray items && items.Count >= count && List(sandbox, list, ns)!["spec"]!["complete"]!.GetValue<bool>(), $"{count} names of {list}", TimeSpan.FromSeconds(20));

    private static Task NamesAsync(SandboxCluster sandbox, string list, string ns, params string[] names) => Eventually.TrueAsync(
        () => List(sandbox, list, ns)?["spec"]?["items"] is JsonArray items && items.Select(i => i!["name"]!.GetValue<string>()).SequenceEqual(names), $"{string.Join(", ", names)} in {list}", TimeSpan.FromSeconds(20));

    private static JsonObject? List(SandboxCluster sandbox, string list, string ns) => sandbox.Store.Get("objectinventories", ns, list);

    private static IEnumerable<string> Rendered()
    {
        var values = new Dictionary<string, string> { ["image.reference"] = "registry.example.org/agent@sha256:" + new string('0', 64), ["apiServer"] = "10.1.2.3/32" };
        var files = Directory.GetFiles(Repository.Path("deploy", "agent", "addons", "inventory", "templates"), "*.yaml").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(3, files.Count);
        return files.Select(f => ManifestTemplate.Render(File.ReadAllText(f), values));
    }

    /// <summary>As an administrator would, with the very chart.</summary>
    private static async Task InstallAsync(SandboxCluster sandbox)
    {
        using var admin = SandboxFixture.Client(sandbox, sandbox.AdminToken);
        foreach (var document in Rendered().SelectMany(Anycast.Sandbox.Scenario.Yaml.ParseAll).OrderBy(d => d["kind"]!.GetValue<string>() != "CustomResourceDefinition"))
        {
            var (group, kind) = (document["apiVersion"]!.GetValue<string>(), document["kind"]!.GetValue<string>());
            if (kind is "Deployment" or "NetworkPolicy" or "ServiceAccount")
            {
                continue; // The broker runs in this process.
            }

            var (status, body) = await admin.CallAsync(HttpMethod.Post, $"apis/{group}/{kind.ToLowerInvariant()}s?fieldValidation=Strict", document);
            Assert.True(status == 201, $"{kind}: {status} {body}");
        }
    }

    private static void Plant(SandboxCluster sandbox)
    {
        Namespace(sandbox, "inv");
        for (var i = 0; i < Many; i++)
        {
            foreach (var (kind, name) in new[] { ("Secret", $"secret-{i}"), ("ConfigMap", $"config-{i}") })
            {
                sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
                    {"apiVersion":"v1","kind":"{{kind}}","metadata":{"name":"{{name}}","namespace":"inv","creationTimestamp":"2026-11-01T00:00:00Z",
                      "labels":{"app":"web","key":"AKIACANARY{{i:000000}}ABCD"},
                      "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"canary-{{i}}\":\"Y2FuYXJ5\"} }","note":"canary-{{i}}"},
                      "managedFields":[{"manager":"canary-{{i}}","fieldsV1":{"f:data":{"f:canary-{{i}}":{} } } }] },
                     "data":{"canary-{{i}}":"Y2FuYXJ5LXZhbHVl"} }
                    """)!);
            }
        }
    }

    private static void Namespace(SandboxCluster sandbox, string name) => sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{name}}"} }""")!);

    private static void Put(SandboxCluster sandbox, string kind, string ns, string name) => sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
        {"apiVersion":"v1","kind":"{{kind}}","metadata":{"name":"{{name}}","namespace":"{{ns}}"},"data":{"k":"dg=="} }
        """)!);

    /// <summary>The broker in this process, with the rights of its role and no others.</summary>
    private sealed class Broker : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ILoggerFactory _loggers;
        private readonly Task<int> _running;

        public Broker(SandboxCluster sandbox, LogLines? lines = null)
            : this(sandbox.Kubeconfig(agent: true).Replace(sandbox.AgentToken, sandbox.AddUser("system:serviceaccount:anycast-system:inventory-broker"), StringComparison.Ordinal), lines)
        {
        }

        public Broker(string kubeconfig, LogLines? lines = null)
        {
            _loggers = lines is null ? NullLoggerFactory.Instance : LoggerFactory.Create(l => l.AddProvider(lines).SetMinimumLevel(LogLevel.Debug));
            _running = Task.Run(() => InventoryHost.RunAsync(new InventoryOptions { KubeconfigText = kubeconfig, Gather = TimeSpan.FromMilliseconds(100) }, _loggers, _stop.Token));
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            Assert.Equal(AgentHost.Stopped, await _running);
            _stop.Dispose();
            _loggers.Dispose();
        }
    }
}
