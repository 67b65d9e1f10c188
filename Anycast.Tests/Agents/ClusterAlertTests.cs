using System.Text.Json.Nodes;
using Anycast.Core.Accounts;
using Anycast.Core.Agents;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Common;
using Anycast.Core.Notifications;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tests.Shell;
using Anycast.Tunnel.Carrier;
using Anycast.Web.Accounts;
using Anycast.Web.Agents;
using Anycast.Web.Shell;
using Bunit;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Agents;

/// <summary>Who learns that an agent holds too much, or that its key was copied: owners and admins, once for each change, and whoever looks at the cluster.</summary>
public sealed class ClusterAlertTests
{
    private static CancellationToken Ct => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task Excess_OfAnAgentsRights_TellsOwnersAndAdminsOnceForEachChange()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var admin = await JoinAsync(world, TeamRole.Admin);
        var member = await JoinAsync(world, TeamRole.Member);
        var blocked = await JoinAsync(world, TeamRole.Admin, u => u.BlockedAt = world.Clock.GetUtcNow());
        await world.Core.Get<NotificationService>().ChooseAsync(ActorFactory.For(admin), NotificationType.Clusters, inApp: true, byMail: false, Ct);
        await ExcessAsync(world, 0);
        Assert.Empty(await ToldAsync(world, world.Owner));

        Bind(world, "pods/log");
        await ExcessAsync(world, 1);
        await Eventually.TrueAsync(async () => (await ToldAsync(world, world.Owner)).Count == 1, "the owner is told");

        // Asked again, by a page and by an agent that connects anew: the same excess is no news.
        await ExcessAsync(world, 1);
        await world.Core.Get<AgentMaintenance>().RunAsync(Ct);
        var again = Assert.Single(await ToldAsync(world, world.Owner));
        Assert.Equal(("rights_exceed", $"/t/{world.Team.Slug}/c/{world.Cluster.Slug}/agent", world.Team.Id), (again.Key, again.Link, again.TeamId));
        Assert.Equal([world.Cluster.Name, "get pods/log (shop)"], again.Args);
        Assert.Single(await ToldAsync(world, ActorFactory.For(admin)));
        Assert.Empty(await ToldAsync(world, ActorFactory.For(member)));
        Assert.Empty(await ToldAsync(world, ActorFactory.For(blocked)));
        Assert.Equal((1, 0), (await MailsAsync(world, world.Owner.UserId), await MailsAsync(world, admin.Id)));

        // Taken back and given again: that is a change.
        world.Sandbox.Store.Delete("RoleBinding", "shop", "too-much");
        await ExcessAsync(world, 0);
        Assert.Single(await ToldAsync(world, world.Owner));
        Bind(world, "pods/log");
        await ExcessAsync(world, 1);
        await Eventually.TrueAsync(async () => (await ToldAsync(world, world.Owner)).Count == 2, "the owner is told of the change");
    }

    [Fact]
    public async Task Report_ThatSaysNothing_IsNoNewsOfAnExcess()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var alerts = world.Core.Get<ClusterAlerts>();
        await using (var db = await world.Core.OpenAsync())
        {
            db.ClusterRights.Add(new ClusterRights { ClusterId = world.Cluster.Id, ReportedAt = world.Clock.GetUtcNow(), Report = "{}" });
            await db.SaveChangesAsync(Ct);
        }

        RightsView View(params HeldRight[] held) => new(world.Clock.GetUtcNow(), held.Length > 0, [], [], held, [], [], []);
        var excess = View(new HeldRight("logs", RightReason.Excess, ["get pods/log"], []));
        await alerts.RightsAsync(world.Cluster, excess, Ct);
        await alerts.RightsAsync(world.Cluster, View(), Ct);
        await alerts.RightsAsync(world.Cluster, excess, Ct);

        Assert.Single(await ToldAsync(world, world.Owner));
    }

    [Fact]
    [PolicyClause("D09")]
    public async Task Key_ThatWasCopied_IsToldOfOnceAndShownUntilItIsRevoked()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var admission = world.Core.Get<AgentAdmission>();
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var hello = new AgentHello("hello", 1, Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), "the-uid", "v1.32.0", "0.1.0", 1, Token: await world.TokenAsync());
        var agent = (await admission.DecideAsync(hello, true, null, Ct)).Admitted!;
        await using var context = Context(world, await UserAsync(world), "en");
        var alerts = context.Render<AgentAlerts>(p => p.Add(c => c.TeamId, world.Team.Id).Add(c => c.ClusterId, world.Cluster.Id).Add(c => c.Href, "/agent"));
        Assert.Empty(alerts.FindAll("[role=alert]"));

        var copy = hello with { Token = null, AgentId = agent.AgentId.ToString(), ClusterUid = "another-uid" };
        Assert.Equal(RefusalCodes.Quarantined, (await admission.DecideAsync(copy, true, null, Ct)).Refusal);
        Assert.Equal(RefusalCodes.Quarantined, (await admission.DecideAsync(copy, true, null, Ct)).Refusal);

        Assert.Equal("key_quarantined", Assert.Single(await ToldAsync(world, world.Owner)).Key);
        alerts.WaitForAssertion(() => Assert.Equal("/agent#keys-title", alerts.Find("[data-agent-alert=key] a").GetAttribute("href")), TimeSpan.FromSeconds(10));
        Assert.True((await world.Agents.RevokeAsync(world.Owner, world.Team.Id, world.Cluster.Id, agent.AgentId, Ct)).IsOk);
        alerts.Render(p => p.Add(c => c.Href, "/agent"));
        alerts.WaitForAssertion(() => Assert.Empty(alerts.FindAll("[role=alert]")), TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("en", "The agent holds more than it should.")]
    [InlineData("de", "Der Agent hat mehr Rechte, als er sollte.")]
    public async Task Alert_OfAnExcess_ComesAndGoesWhileThePageIsOpen(string language, string text)
    {
        await using var world = await ConnectedCluster.StartAsync();
        await using var context = Context(world, await UserAsync(world), language);
        var alerts = context.Render<AgentAlerts>(p => p.Add(c => c.TeamId, world.Team.Id).Add(c => c.ClusterId, world.Cluster.Id).Add(c => c.Href, "/agent"));
        await ExcessAsync(world, 0);
        Assert.Empty(alerts.FindAll("[role=alert]"));

        Bind(world, "pods/log");
        await ExcessAsync(world, 1);
        alerts.WaitForAssertion(() => Assert.Contains(text, alerts.Find("[data-agent-alert=rights]").TextContent, StringComparison.Ordinal), TimeSpan.FromSeconds(10));
        Assert.Equal("/agent#rights-title", alerts.Find("[data-agent-alert=rights] a").GetAttribute("href"));

        world.Sandbox.Store.Delete("RoleBinding", "shop", "too-much");
        await ExcessAsync(world, 0);
        alerts.WaitForAssertion(() => Assert.Empty(alerts.FindAll("[role=alert]")), TimeSpan.FromSeconds(10));
    }

    /// <summary>Asks until the excess has so many sorts; the agent keeps an answer for five seconds.</summary>
    private static async Task ExcessAsync(ConnectedCluster world, int count)
    {
        var rights = world.Core.Get<RightsService>();
        await Eventually.TrueAsync(
            async () =>
            {
                await rights.AskAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct);
                return (await rights.GetAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value is { } view && view.Excess.Count == count;
            },
            $"the excess has {count} sorts",
            TimeSpan.FromSeconds(20));
    }

    private static async Task<IReadOnlyList<Notification>> ToldAsync(ConnectedCluster world, Actor actor) =>
        [.. (await world.Core.Get<NotificationService>().ListAsync(actor, unreadOnly: false, new PageRequest(), Ct)).Items.Where(n => n.Type == NotificationType.Clusters)];

    private static async Task<int> MailsAsync(ConnectedCluster world, Guid userId)
    {
        await using var db = await world.Core.OpenAsync();
        return await db.OutboxMails.CountAsync(m => m.UserId == userId, Ct);
    }

    private static async Task<User> JoinAsync(ConnectedCluster world, TeamRole role, Action<User>? with = null)
    {
        var user = await world.Core.UserAsync();
        await world.Core.JoinAsync(world.Team.Id, user.Id, role);
        if (with is not null)
        {
            await using var db = await world.Core.OpenAsync();
            with(await db.Users.SingleAsync(u => u.Id == user.Id, Ct));
            await db.SaveChangesAsync(Ct);
        }

        return user;
    }

    private static async Task<User> UserAsync(ConnectedCluster world)
    {
        await using var db = await world.Core.OpenAsync();
        return await db.Users.SingleAsync(u => u.Id == world.Owner.UserId, Ct);
    }

    private static void Bind(ConnectedCluster world, string resource)
    {
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"too-much","namespace":"shop"},"rules":[{"apiGroups":[""],"resources":["{{resource}}"],"verbs":["get"]}]}
            """)!);
        world.Sandbox.Store.Upsert((JsonObject)JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"too-much","namespace":"shop"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"too-much"},"subjects":[{"kind":"ServiceAccount","name":"cluster-agent","namespace":"anycast-system"}]}
            """)!);
    }

    /// <summary>Not async: the language is set for the test's own flow.</summary>
    private static PartContext Context(ConnectedCluster world, User user, string language)
    {
        var context = new PartContext(language);
        context.Services.AddLogging();
        context.Services.AddSingleton<TimeProvider>(world.Clock);
        context.Services.AddSingleton(world.Core.Get<RightsService>()).AddSingleton(world.Agents).AddSingleton(world.Core.Get<EnrolmentWatch>());
        context.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(user)).AddScoped<CurrentActor>();
        return context;
    }

    private sealed class SignedIn(User user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(Principal.For(user, Guid.NewGuid(), null, "test")));
    }
}
