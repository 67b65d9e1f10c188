using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Core.Agents.ConfigData;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Common;
using Anycast.Core.Common.Tools;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.OptIns;
using Anycast.Web.Clusters;
using Bunit;

namespace Anycast.Tests.Agents;

/// <summary>Config data as the service sees it: shown and offered only while the opt-in holds, written down, and not kept.</summary>
public sealed class ConfigDataViewTests
{
    private static CancellationToken Ct => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task ConfigData_UnderAnOptIn_IsOfferedShownWrittenDownAndGoneWithIt()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var tool = new ReadConfigDataTool(world.Gateway, world.Core.Get<RightsService>());
        var context = new ToolContext(world.Owner, world.Team.Id, world.Cluster.Id, null);
        await AskAsync(world, v => v.OptIns.Count == 0);
        await using var parts = await OptInParts.ForAsync(world);
        var open = (await world.Gateway.OpenCacheAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value!;
        var card = parts.Render<ConfigDataCard>(p => p.Add(c => c.Open, open).Add(c => c.Namespace, "shop").Add(c => c.Names, ["shop-settings"]));
        Assert.Empty(card.FindAll("[data-config-data]"));
        Assert.False(await tool.IsOfferedAsync(context, Ct));
        Assert.Equal("cluster.not_opted_in", (await ReadAsync(world)).Failure!.Code);
        Assert.Equal("cluster.not_opted_in", (await CallAsync(tool, context)).Code);

        Bind(world);
        Allow(world, "shop", "data");
        var view = await AskAsync(world, v => v.OptIns.Count > 0 && v.Held.Any(h => h.Code == "configmaps"));
        Assert.Empty(view.Excess);
        Assert.Equal((OptInKind.ConfigData, OptInState.RightMissing, "data"), (view.OptIns.Single().OptIn.Kind, view.OptIns.Single().State, view.OptIns.Single().WithoutRight.Single()));
        Assert.Equal(["shop"], (await world.Core.Get<RightsService>().OptedInAsync(world.Owner, world.Team.Id, world.Cluster.Id, OptInKind.ConfigData, Ct)).Value!);
        Assert.True(await tool.IsOfferedAsync(context, Ct));
        Assert.False(tool.KeepsOutput);
        Assert.Contains("EUR", (await CallAsync(tool, context)).Output.GetRawText(), StringComparison.Ordinal);
        card.WaitForAssertion(() => Assert.NotEmpty(card.FindAll("[data-config-data]")), TimeSpan.FromSeconds(10));
        Assert.Empty(card.FindAll("[data-config-key]"));
        await card.Find("button").ClickAsync(new());
        card.WaitForAssertion(() => Assert.Equal("EUR", card.Find("[data-config-key=currency] pre").TextContent), TimeSpan.FromSeconds(10));

        // Written down, with who read it.
        var rows = (await world.Core.Get<DepartureService>().ListAsync(world.Owner, world.Team.Id, world.Cluster.Id, new DepartureFilter(Operation: DepartureOperation.ConfigData), new PageRequest(), Ct)).Value!;
        Assert.Equal(2, rows.Total);
        Assert.All(rows.Items, r => Assert.Equal(("ConfigMap", "shop", "shop-settings", world.Owner.UserId), (r.Kind, r.Namespace, r.Name, r.UserId)));

        // Withdrawn: refused, no longer offered, and gone from the page that stayed open.
        world.Sandbox.Store.Delete("agentoptins", "anycast-system", "default");
        await Eventually.TrueAsync(async () => (await ReadAsync(world)).Failure?.Code == "cluster.not_opted_in", "the agent refuses", TimeSpan.FromSeconds(5));
        await AskAsync(world, v => v.OptIns.Count == 0);
        card.WaitForAssertion(() => Assert.Empty(card.FindAll("[data-config-data]")), TimeSpan.FromSeconds(10));
        Assert.DoesNotContain("EUR", card.Markup, StringComparison.Ordinal);
        Assert.False(await tool.IsOfferedAsync(context, Ct));
    }

    [Fact]
    public async Task ConfigData_OfAnotherTeamsCluster_IsNotFound()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var stranger = await world.Core.ActorAsync();
        Assert.Equal("not_found", (await world.Gateway.ConfigDataAsync(stranger, world.Team.Id, world.Cluster.Id, new ConfigQuery("shop", "shop-settings"), Ct)).Failure!.Code);
        Assert.Equal("not_found", (await world.Core.Get<RightsService>().OptedInAsync(stranger, world.Team.Id, world.Cluster.Id, OptInKind.ConfigData, Ct)).Failure!.Code);
        Assert.Equal("cluster.offline", (await ReadAsync(world)).Failure!.Code);
    }

    [Fact]
    public void References_OfAWorkload_AreItsConfigMapsAndSecretsWithTheirKeys()
    {
        using var json = JsonDocument.Parse("""
            {"spec":{"template":{"spec":{
              "imagePullSecrets":[{"name":"registry"}],
              "initContainers":[{"envFrom":[{"configMapRef":{"name":"init","optional":true}}]}],
              "containers":[{"env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"app","key":"b"}}},{"name":"B","valueFrom":{"configMapKeyRef":{"name":"app","key":"a"}}},{"name":"C","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}},{"name":"D"}]}],
              "volumes":[{"name":"v","configMap":{"name":"files"}},{"name":"s","secret":{"secretName":"tls"}},{"name":"p","projected":{"sources":[{"secret":{"name":"db"}},{"configMap":{"name":"app"}}]}}]}}}}
            """);

        var found = ConfigReferences.Of(json.RootElement);

        Assert.Equal(
            ["ConfigMap app [a,b]", "ConfigMap files []", "ConfigMap init [] optional", "Secret db [password]", "Secret registry []", "Secret tls []"],
            found.Select(r => $"{r.Kind} {r.Name} [{string.Join(',', r.Keys)}]{(r.Optional ? " optional" : "")}"));
    }

    [Fact]
    public async Task References_OfAWorkload_SayWhetherTheyAreThereWhereTheClusterKeepsNames()
    {
        await using var world = await ConnectedCluster.StartAsync();
        ConfigReference[] references = [new("ConfigMap", "shop-settings", [], false), new("Secret", "gone", ["password"], false), new("Secret", "maybe", [], true)];
        var open = (await world.Gateway.OpenCacheAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value!;
        await using (var parts = await OptInParts.ForAsync(world))
        {
            var unknown = parts.Render<ReferencesCard>(p => p.Add(c => c.Open, open).Add(c => c.Namespace, "shop").Add(c => c.References, references));
            unknown.WaitForAssertion(() => Assert.Equal(["unknown", "unknown", "unknown"], unknown.FindAll("[data-there]").Select(e => e.GetAttribute("data-there"))), TimeSpan.FromSeconds(10));
            Assert.Equal("none", unknown.Find("section").GetAttribute("data-inventory"));
        }

        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"objectinventories.agent.anycast.io"},
             "spec":{"group":"agent.anycast.io","scope":"Namespaced","names":{"kind":"ObjectInventory","plural":"objectinventories","singular":"objectinventory"},"versions":[{"name":"v1","served":true,"storage":true}]}}
            """)!);
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"names","namespace":"shop"},"rules":[{"apiGroups":["agent.anycast.io"],"resources":["objectinventories"],"verbs":["get","list"]}]}
            """)!);
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"names","namespace":"shop"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"names"},"subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
        foreach (var (kind, name, item) in new[] { ("Secret", "secrets", "other"), ("ConfigMap", "configmaps", "shop-settings") })
        {
            world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
                {"apiVersion":"agent.anycast.io/v1","kind":"ObjectInventory","metadata":{"name":"{{name}}","namespace":"shop"},
                 "spec":{"of":"{{kind}}","complete":true,"observedAt":"{{world.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}}","items":[{"name":"{{item}}","createdAt":"2026-11-01T00:00:00Z"}]} }
                """)!);
        }

        await using var known = await OptInParts.ForAsync(world);
        var card = known.Render<ReferencesCard>(p => p.Add(c => c.Open, open).Add(c => c.Namespace, "shop").Add(c => c.References, references));
        card.WaitForAssertion(() => Assert.Equal(["yes", "no", "no"], card.FindAll("[data-there]").Select(e => e.GetAttribute("data-there"))), TimeSpan.FromSeconds(10));
        Assert.Contains("Missing", card.Find("[data-reference='Secret/gone'] .bad").TextContent, StringComparison.Ordinal);
        Assert.Empty(card.FindAll("[data-reference='Secret/maybe'] .bad"));
        Assert.Contains("password", card.Find("[data-reference='Secret/gone']").TextContent, StringComparison.Ordinal);
    }

    private static Task<ToolResult> CallAsync(ReadConfigDataTool tool, ToolContext context) =>
        tool.InvokeAsync(context, JsonSerializer.SerializeToElement(new { name = "shop-settings", @namespace = "shop" }), Ct);

    private static Task<Outcome<ConfigText>> ReadAsync(ConnectedCluster world) =>
        world.Gateway.ConfigDataAsync(world.Owner, world.Team.Id, world.Cluster.Id, new ConfigQuery("shop", "shop-settings"), Ct);

    private static async Task<RightsView> AskAsync(ConnectedCluster world, Func<RightsView, bool> wanted)
    {
        RightsView? view = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await world.Core.Get<RightsService>().AskAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct);
                view = (await world.Core.Get<RightsService>().GetAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value;
                return view is not null && wanted(view);
            },
            "the rights are as wanted",
            TimeSpan.FromSeconds(30));
        return view!;
    }

    private static void Allow(ConnectedCluster world, params string[] namespaces) => world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
        {"apiVersion":"agent.anycast.io/v1","kind":"AgentOptIn","metadata":{"name":"default","namespace":"anycast-system"},
         "spec":{"configData":{"namespaces":["{{string.Join("\",\"", namespaces)}}"],"expiresAt":"{{DateTimeOffset.UtcNow.AddHours(1).ToString("O", CultureInfo.InvariantCulture)}}"} } }
        """)!);

    private static void Bind(ConnectedCluster world)
    {
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"config","namespace":"shop"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]}
            """)!);
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"config","namespace":"shop"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"config"},"subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }
}
