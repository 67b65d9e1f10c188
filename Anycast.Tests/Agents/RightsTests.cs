using System.Text.Json.Nodes;
using Anycast.Agent;
using Anycast.Core.Accounts;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tests.Shell;
using Anycast.Tests.Tunnel;
using Anycast.Web.Accounts;
using Anycast.Web.Agents;
using Anycast.Web.Shell;
using Bunit;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Agents;

/// <summary>What an agent may do, from its API server to the page: the real agent, a real cluster, and its real RBAC.</summary>
public sealed class RightsTests
{
    private static CancellationToken Ct => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task Rights_OfTheAgent_AreThoseOfTheClustersRbacAndFollowIt()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var first = await ViewAsync(world);
        Assert.True(first.Complete);
        Assert.Empty(first.Excess);
        Assert.Empty(first.Missing);
        Assert.Contains("secrets", first.Denied);
        Assert.Contains("logs", first.Denied);
        Assert.Equal(["workload_write", "node_write"], first.Held.Select(h => h.Code));

        // The customer binds a right in one namespace, and takes it back.
        Bind(world, "shop", "pods/log");
        var more = await ViewAsync(world, view => view.Excess.Count > 0);
        var logs = Assert.Single(more.Excess);
        Assert.Equal(("logs", "shop", "get pods/log"), (logs.Code, Assert.Single(logs.Namespaces), Assert.Single(logs.Rights)));
        Assert.DoesNotContain("logs", more.Denied);

        world.Sandbox.Store.Delete("RoleBinding", "shop", "too-much");
        Assert.Contains("logs", (await ViewAsync(world, view => view.Excess.Count == 0)).Denied);
        Assert.DoesNotContain(world.Sandbox.Requests.ByAgent(), r => r.Resource is "secrets" or "configmaps" or "pods/log" or "roles" or "clusterroles");
    }

    [Fact]
    public async Task Rights_OfAnotherTeamsCluster_AreNotFound()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var rights = world.Core.Get<RightsService>();
        var stranger = await world.Core.ActorAsync();

        Assert.Equal("not_found", (await rights.GetAsync(stranger, world.Team.Id, world.Cluster.Id, Ct)).Failure!.Code);
        Assert.Equal("not_found", (await rights.AskAsync(stranger, world.Team.Id, world.Cluster.Id, Ct)).Failure!.Code);
        var none = await rights.GetAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct);
        Assert.True(none.Failure is null && none.Value is null);
        Assert.Equal("cluster.offline", (await rights.AskAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Report_OfACluster_IsKeptOnceAndGoesWithIt(TestProvider provider)
    {
        await using var core = await CoreHost.StartAsync(provider);
        var cluster = new Cluster { Id = Ids.New(core.Clock), TeamId = (await core.Get<Anycast.Core.Teams.TeamService>().CreateAsync(await core.ActorAsync(), "Team", Ct)).Value!.Id, Slug = "c", Name = "C" };
        await using var db = await core.OpenAsync();
        db.Clusters.Add(cluster);
        db.ClusterRights.Add(new ClusterRights { ClusterId = cluster.Id, ReportedAt = core.Clock.GetUtcNow(), Report = "{}" });
        await db.SaveChangesAsync(Ct);

        await db.Clusters.Where(c => c.Id == cluster.Id).ExecuteDeleteAsync(Ct);

        Assert.Equal(0, await db.ClusterRights.CountAsync(Ct));
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Agent_WithAnAdministratorsKubeconfig_DoesNotStartUnlessToldTo()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var options = new AgentOptions { Server = world.Address, Token = await world.TokenAsync(), StateDirectory = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), KubeconfigText = world.Sandbox.Kubeconfig() };
        await using (var refused = new RunningAgent(options))
        {
            Assert.Equal(AgentHost.BadSetup, await refused.Ended.WaitAsync(TimeSpan.FromSeconds(20), Ct));
            Assert.Contains("could read Secrets", refused.Log, StringComparison.Ordinal);
            Assert.False(world.Cache.Connection.Connected);
        }

        await using var told = new RunningAgent(options with { AllowExcessRights = true });
        await Eventually.TrueAsync(() => world.Cache.Connection.Connected, "the agent that was told to starts");
        var view = await ViewAsync(world, view => view.Excess.Count > 0);
        Assert.Contains(view.Excess, e => e.Code == "wildcard");
        Assert.Empty(view.Denied);
        Directory.Delete(options.StateDirectory, true);
    }

    [Fact]
    public async Task Rights_WhenTheApiServerRefusesToSay_AreUnknownAndNotNone()
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var report = await world.Client.RightsAsync(Ct);

        Assert.NotNull(report);
        Assert.False(report.Complete);
        Assert.Empty(report.Scopes);
    }

    [Theory]
    [InlineData("en", "The agent holds more than it should.", "Read what programs log")]
    [InlineData("de", "Der Agent hat mehr Rechte, als er sollte.", "Lesen, was Programme protokollieren")]
    public async Task Card_WithARightTooMany_IsRedAndFollowsLive(string language, string title, string right)
    {
        await using var world = await ConnectedCluster.StartAsync();
        await ViewAsync(world);
        await using var context = Context(world, await OwnerAsync(world), language);
        var card = context.Render<RightsCard>(p => p.Add(c => c.TeamId, world.Team.Id).Add(c => c.ClusterId, world.Cluster.Id));
        card.WaitForAssertion(() => Assert.Equal("fit", card.Find("section").GetAttribute("data-rights")), TimeSpan.FromSeconds(10));
        Assert.Empty(card.FindAll("[role=alert]"));
        Assert.Contains(right, card.Find("[data-denied=logs]").TextContent, StringComparison.Ordinal);

        Bind(world, "shop", "pods/log");
        await ViewAsync(world, view => view.Excess.Count > 0);

        card.WaitForAssertion(() => Assert.Equal("excess", card.Find("section").GetAttribute("data-rights")), TimeSpan.FromSeconds(10));
        var alert = card.Find("[role=alert]").TextContent;
        Assert.Contains(title, alert, StringComparison.Ordinal);
        Assert.Contains(right, alert, StringComparison.Ordinal);
        Assert.Contains("shop", alert, StringComparison.Ordinal);
        Assert.Empty(card.FindAll("[data-denied=logs]"));
        Assert.Contains(right, card.Find("li[data-reason=Excess]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Card_OfAReadOnlyClusterWhoseAgentMayPatch_DoesNotSayNothing()
    {
        await using var world = await ConnectedCluster.StartAsync(access: ClusterAccessKind.ReadOnly);
        await ViewAsync(world, view => view.Excess.Any(e => e.Code == "workload_write"));
        await using var context = Context(world, await OwnerAsync(world), "en");
        var card = context.Render<RightsCard>(p => p.Add(c => c.TeamId, world.Team.Id).Add(c => c.ClusterId, world.Cluster.Id));

        card.WaitForAssertion(() => Assert.Equal("excess", card.Find("section").GetAttribute("data-rights")), TimeSpan.FromSeconds(10));
        Assert.DoesNotContain("Nothing. It can look", card.Markup, StringComparison.Ordinal);
        Assert.All(card.FindAll("li[data-reason]"), li => Assert.NotEmpty(li.QuerySelectorAll(".chip.bad")));
        Assert.Contains("Change workloads", card.Find(".rights-columns li[data-reason=Excess]").TextContent, StringComparison.Ordinal);
    }

    /// <summary>Asks until the answer is as wanted; the agent keeps one for five seconds.</summary>
    private static async Task<RightsView> ViewAsync(ConnectedCluster world, Func<RightsView, bool>? wanted = null)
    {
        var rights = world.Core.Get<RightsService>();
        RightsView? view = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await rights.AskAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct);
                view = (await rights.GetAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value;
                return view is not null && wanted?.Invoke(view) != false;
            },
            "the rights are as wanted",
            TimeSpan.FromSeconds(20));
        return view!;
    }

    private static void Bind(ConnectedCluster world, string ns, string resource)
    {
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"too-much","namespace":"{{ns}}"},
             "rules":[{"apiGroups":[""],"resources":["{{resource}}"],"verbs":["get"]}]}
            """)!);
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"too-much","namespace":"{{ns}}"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"too-much"},
             "subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }

    private static async Task<User> OwnerAsync(ConnectedCluster world)
    {
        await using var db = await world.Core.OpenAsync();
        return await db.Users.SingleAsync(u => u.Id == world.Owner.UserId, Ct);
    }

    /// <summary>Not async: the language is set for the test's own flow.</summary>
    private static PartContext Context(ConnectedCluster world, User user, string language)
    {
        var context = new PartContext(language);
        context.Services.AddLogging();
        context.Services.AddSingleton<TimeProvider>(world.Clock);
        context.Services.AddSingleton(world.Core.Get<RightsService>());
        context.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(user)).AddScoped<CurrentActor>();
        return context;
    }

    private sealed class SignedIn(User user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(Principal.For(user, Guid.NewGuid(), null, "test")));
    }
}
