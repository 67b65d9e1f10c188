using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Agent;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Common;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tests.Sandbox;
using Anycast.Tests.Shell;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.OptIns;
using Anycast.Web.Agents;
using Anycast.Web.Clusters;
using Bunit;
using Microsoft.Extensions.Time.Testing;

namespace Anycast.Tests.Agents;

/// <summary>Opt-ins as the service sees them: shown, followed, and nowhere made.</summary>
public sealed class OptInViewTests
{
    private static CancellationToken Ct => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task OptIn_MadeInTheCluster_IsShownAndExplainsItsRightUntilItExpires()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var pod = world.Sandbox.Store.List("Pod", "shop")[0]["metadata"]!["name"]!.GetValue<string>();
        Bind(world, "shop");
        var excess = await ViewAsync(world, v => v.Excess.Count > 0);
        Assert.Empty(excess.OptIns);
        Assert.Equal("cluster.not_opted_in", (await LogsAsync(world, pod)).Failure!.Code);

        // The right alone is too much; with the customer's opt-in for that namespace it is what they wanted.
        Allow(world, "shop", "data");
        var view = await ViewAsync(world, v => v.OptIns.Count > 0);
        Assert.Empty(view.Excess);
        Assert.Equal((RightReason.OptIn, "shop"), (view.Held.Single(h => h.Code == "logs").Reason, view.Held.Single(h => h.Code == "logs").Namespaces.Single()));
        var optIn = Assert.Single(view.OptIns);
        Assert.Equal((OptInKind.Logs, OptInState.RightMissing, "data"), (optIn.OptIn.Kind, optIn.State, optIn.WithoutRight.Single()));

        // What was read by it is on the list of what left the cluster.
        var log = await LogsAsync(world, pod);
        Assert.True(log.IsOk, log.Failure?.Code);
        Assert.Equal(5, log.Value.Lines.Count);
        var rows = (await world.Core.Get<DepartureService>().ListAsync(world.Owner, world.Team.Id, world.Cluster.Id, new DepartureFilter(Operation: DepartureOperation.Logs), new PageRequest(), Ct)).Value!;
        var row = Assert.Single(rows.Items);
        Assert.Equal(("shop", pod, 5, world.Owner.UserId), (row.Namespace, row.Name, row.Withheld, row.UserId));

        // Its time is over: the right below it is too much again.
        world.Clock.Advance(TimeSpan.FromHours(2));
        var after = await ViewAsync(world);
        Assert.Equal(OptInState.Expired, Assert.Single(after.OptIns).State);
        Assert.Equal("logs", Assert.Single(after.Excess).Code);
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Logs_OnAPageThatStaysOpen_GoWithTheOptInAndThePageSaysWhy()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var pod = world.Sandbox.Store.List("Pod", "shop")[0]["metadata"]!["name"]!.GetValue<string>();
        Bind(world, "shop");
        Allow(world, "shop");
        await ViewAsync(world, v => v.OptIns.Count == 1);
        var clock = new FakeTimeProvider(world.Clock.GetUtcNow());
        await using var parts = await OptInParts.ForAsync(world, clock);
        var open = (await world.Gateway.OpenCacheAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value!;
        var card = parts.Render<LogsCard>(p => p
            .Add(c => c.Team, "shop").Add(c => c.Cluster, "production").Add(c => c.Open, open).Add(c => c.Namespace, "shop").Add(c => c.Pod, pod).Add(c => c.Containers, []));
        await card.Find("button").ClickAsync(new());
        card.WaitForAssertion(() => Assert.NotEmpty(card.Find("[data-logs]").TextContent), TimeSpan.FromSeconds(20));

        // Withdrawn: nobody tells the page, which looks by itself; the agent asks its API server at most every five seconds.
        world.Sandbox.Store.Delete("agentoptins", "anycast-system", "default");
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(20));
                return card.FindAll("[data-logs]").Count == 0;
            },
            "what was read is gone",
            TimeSpan.FromSeconds(40));
        Assert.NotNull(card.Find("[data-logs-ended]"));
    }

    [Fact]
    public async Task Logs_OfAnotherTeamsCluster_AreNotFound()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var stranger = await world.Core.ActorAsync();

        Assert.Equal("not_found", (await world.Gateway.LogsAsync(stranger, world.Team.Id, world.Cluster.Id, new LogQuery("shop", "web"), Ct)).Failure!.Code);
        Assert.Equal("cluster.offline", (await world.Gateway.LogsAsync(world.Owner, world.Team.Id, world.Cluster.Id, new LogQuery("shop", "web"), Ct)).Failure!.Code);
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Commands_OfThePage_MakeAndWithdrawWhatTheySay()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on PATH");
        await using var world = await ConnectedCluster.StartAsync();

        await ShellAsync(world, OptInCommands.Make(OptInKind.Logs, ["shop"], "shop", DateTimeOffset.UtcNow.AddDays(7)));
        await ShellAsync(world, OptInCommands.Make(OptInKind.ScaleRestart, ["data"], "data", DateTimeOffset.UtcNow.AddDays(1)));
        var both = await ViewAsync(world, v => v.OptIns.Count == 2);
        Assert.All(both.OptIns, o => Assert.Equal(OptInState.InForce, o.State));
        Assert.Empty(both.Excess);

        await ShellAsync(world, OptInCommands.Withdraw(OptInKind.Logs, ["shop"]));
        var one = await ViewAsync(world, v => v.OptIns.Count == 1 && v.Held.All(h => h.Code != "logs"));
        Assert.Equal(OptInKind.ScaleRestart, Assert.Single(one.OptIns).OptIn.Kind);
        Assert.Contains("logs", one.Denied);

        // Nothing of what these made outlives the page's last command: a right that stayed would come back with the next installation.
        await ShellAsync(world, Anycast.Web.Agents.AgentPage.Clean);
        await ShellAsync(world, "left=$(kubectl get clusterrole,clusterrolebinding,rolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding -A -o name)\n! grep -E 'addon|anycast-|restart-only' <<< \"$left\"");
    }

    [Theory]
    [InlineData("en", "Right missing", "In force")]
    [InlineData("de", "Recht fehlt", "In Kraft")]
    public void Card_WithOptIns_SaysWhichHoldAndHowToMakeOne(string language, string missing, string inForce)
    {
        using var context = new PartContext(language);
        var until = context.Clock.GetUtcNow().AddDays(2);
        var view = new RightsView(context.Clock.GetUtcNow(), true, [], [], [], [], [], [
            new OptInView(new OptIn(OptInKind.Logs, ["shop", "data"], until), OptInState.RightMissing, ["data"]),
            new OptInView(new OptIn(OptInKind.ScaleRestart, ["shop"], until), OptInState.InForce, []),
        ]);

        var card = context.Render<OptInsCard>(p => p.Add(c => c.View, view).Add(c => c.Namespaces, ["batch", "shop"]));

        Assert.Contains(missing, card.Find("[data-opt-in=Logs]").TextContent, StringComparison.Ordinal);
        Assert.Contains("data", card.Find("[data-opt-in=Logs] .missing").TextContent, StringComparison.Ordinal);
        Assert.Contains(inForce, card.Find("[data-opt-in=ScaleRestart]").TextContent, StringComparison.Ordinal);

        // A further namespace is added to those in force, and takes none away.
        Assert.Contains("logs: {namespaces: [shop, data, batch]", card.FindAll("pre")[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("\"logs\":null", card.FindAll("pre")[1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_WithoutAWord_OnlyRead()
    {
        Assert.False(AgentOptions.FromEnvironment(name => name == "ANYCAST_SERVER" ? "https://anycast.example.org" : null).Propose);
        Assert.True(AgentOptions.FromEnvironment(name => name switch { "ANYCAST_SERVER" => "https://anycast.example.org", "ANYCAST_PROPOSE" => "true", _ => null }).Propose);
        Assert.Throws<AgentSetupException>(() => AgentOptions.FromEnvironment(name => name switch { "ANYCAST_SERVER" => "https://anycast.example.org", "ANYCAST_NAMESPACE" => "../x", _ => null }));
    }

    private static Task<Outcome<LogText>> LogsAsync(ConnectedCluster world, string pod) =>
        world.Gateway.LogsAsync(world.Owner, world.Team.Id, world.Cluster.Id, new LogQuery("shop", pod), Ct);

    private static async Task<RightsView> ViewAsync(ConnectedCluster world, Func<RightsView, bool>? wanted = null)
    {
        RightsView? view = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await world.Core.Get<RightsService>().AskAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct);
                view = (await world.Core.Get<RightsService>().GetAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value;
                return view is not null && wanted?.Invoke(view) != false;
            },
            "the rights are as wanted",
            TimeSpan.FromSeconds(30));
        return view!;
    }

    /// <summary>As the customer would, in a shell of theirs.</summary>
    private static async Task ShellAsync(ConnectedCluster world, string commands)
    {
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("config"), world.Sandbox.Kubeconfig(), Ct);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", commands]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["KUBECONFIG"] = directory.File("config");
        start.Environment["HOME"] = directory.Path;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Ct), process.StandardError.ReadToEndAsync(Ct));
        await process.WaitForExitAsync(Ct).WaitAsync(TimeSpan.FromSeconds(90), Ct);
        Assert.True(process.ExitCode == 0, $"{commands}\n{await output}{await error}");
    }

    private static void Allow(ConnectedCluster world, params string[] namespaces) => world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
        {"apiVersion":"agent.anycast.io/v1","kind":"AgentOptIn","metadata":{"name":"default","namespace":"anycast-system"},
         "spec":{"logs":{"namespaces":["{{string.Join("\",\"", namespaces)}}"],"expiresAt":"{{DateTimeOffset.UtcNow.AddHours(1).ToString("O", CultureInfo.InvariantCulture)}}"} } }
        """)!);

    private static void Bind(ConnectedCluster world, string ns)
    {
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"logs","namespace":"{{ns}}"},"rules":[{"apiGroups":[""],"resources":["pods/log"],"verbs":["get"]}]}
            """)!);
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"logs","namespace":"{{ns}}"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"logs"},"subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }
}
