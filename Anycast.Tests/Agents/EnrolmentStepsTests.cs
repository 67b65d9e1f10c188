using System.Net.WebSockets;
using System.Text.Json;
using Anycast.Core.Accounts;
using Anycast.Core.Agents;
using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters.Cache;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tests.Shell;
using Anycast.Tunnel;
using Anycast.Tunnel.Carrier;
using Anycast.Web.Accounts;
using Anycast.Web.Agents;
using Anycast.Web.Shell;
using Bunit;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Agents;

/// <summary>The page that waits for an agent: looking at it ends nothing, and what went wrong is said whenever it is opened.</summary>
public sealed class EnrolmentStepsTests
{
    private static CancellationToken Ct => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    public async Task Steps_OpenedTwice_LeaveTheTokenGivenOutAlone()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        await using var first = Context(world, await OwnerAsync(world), "en");
        var shown = Render(first, world);
        shown.WaitForAssertion(() => Assert.Contains("ANYCAST_TOKEN=", shown.Markup, StringComparison.Ordinal), TimeSpan.FromSeconds(10));
        var token = System.Text.RegularExpressions.Regex.Match(shown.Markup, "ANYCAST_TOKEN=(ace_[A-Za-z0-9_-]+)").Groups[1].Value;

        // A reload, or a colleague's look: it says that there is one, by whom, and cannot say which.
        await using var second = Context(world, await OwnerAsync(world), "en");
        var again = Render(second, world);
        again.WaitForElement("[data-pending]", TimeSpan.FromSeconds(10));
        Assert.Contains("still works", again.Find("[data-pending]").TextContent, StringComparison.Ordinal);
        Assert.Contains((await OwnerAsync(world)).Name, again.Find("[data-pending]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("ace_", again.Markup, StringComparison.Ordinal);

        // Only who asks for another ends it, and its bearer is told so.
        await again.Find(".card-foot button").ClickAsync();
        again.WaitForAssertion(() => Assert.Contains("ANYCAST_TOKEN=", again.Markup, StringComparison.Ordinal), TimeSpan.FromSeconds(10));
        Assert.Equal(RefusalCodes.TokenReplaced, (await world.Core.Get<AgentAdmission>().DecideAsync(EnrolmentTests.Hello(token), true, "192.0.2.9", Ct)).Refusal);
        again.WaitForAssertion(() => Assert.Contains("newer token", again.Find("[role=alert]").TextContent, StringComparison.Ordinal), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Steps_OfAConnectedCluster_SayConnectedAndMakeNoToken()
    {
        await using var world = await ConnectedCluster.StartAsync();
        await Eventually.TrueAsync(async () => (await world.Core.Get<RightsService>().GetAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value is not null, "the rights are reported");
        world.Clock.Advance(TimeSpan.FromMinutes(5));
        var tokens = await CountAsync(world);
        await using var context = Context(world, await OwnerAsync(world), "en");
        var page = Render(context, world);

        page.WaitForAssertion(() => Assert.All(page.FindAll(".steps-live li"), li => Assert.Equal("done", li.GetAttribute("data-state"))), TimeSpan.FromSeconds(10));
        Assert.Equal(tokens, await CountAsync(world));
        Assert.Empty(page.FindAll("pre"));
    }

    [Theory]
    [InlineData("en", "different versions")]
    [InlineData("de", "verschiedene Versionen")]
    public async Task Steps_OpenedAfterARefusal_SayWhyAndHelpAtOnce(string language, string words)
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        var token = await world.TokenAsync();
        await RefuseAsync(world, EnrolmentTests.Hello(token) with { Protocol = 99 });
        world.Clock.Advance(TimeSpan.FromSeconds(31));
        await using var context = Context(world, await OwnerAsync(world), language);
        var page = Render(context, world);

        page.WaitForElement("[role=alert]", TimeSpan.FromSeconds(10));
        Assert.Contains(words, page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.True(page.Find("[data-help]").HasAttribute("open"));
        Assert.Contains(page.FindAll("[data-help] pre"), p => p.TextContent == "kubectl -n anycast-system logs deploy/cluster-agent");
    }

    [Fact]
    public async Task Help_OfATokenJustMade_IsClosed()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        await using var context = Context(world, await OwnerAsync(world), "en");
        var page = Render(context, world);
        page.WaitForElement("[data-help]", TimeSpan.FromSeconds(10));
        Assert.False(page.Find("[data-help]").HasAttribute("open"));
    }

    [Fact]
    public async Task Pending_ForWhomMayNotConnect_IsRefusedLikeATokenIs()
    {
        await using var world = await ConnectedCluster.StartAsync(connect: false);
        await world.TokenAsync();
        Assert.Equal("not_found", (await world.Agents.PendingTokenAsync(await world.Core.ActorAsync(), world.Team.Id, world.Cluster.Id, Ct)).Failure!.Code);
        Assert.NotNull((await world.Agents.PendingTokenAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct)).Value);
        world.Clock.Advance(AgentLimits.TokenLifetime);
        var none = await world.Agents.PendingTokenAsync(world.Owner, world.Team.Id, world.Cluster.Id, Ct);
        Assert.True(none.Failure is null && none.Value is null);
    }

    /// <summary>Every code that the page can be given has words in both languages.</summary>
    [Theory]
    [InlineData("en")]
    [InlineData("de")]
    public async Task Refusals_AllHaveWords(string language)
    {
        await using var context = new PartContext(language);
        var texts = context.Services.GetRequiredService<Microsoft.Extensions.Localization.IStringLocalizer<AgentText>>();
        Assert.All(RefusalCodes.All, code => Assert.False(texts[$"Refusal.{code}"].ResourceNotFound, code));
        Assert.All(EnrolmentHelp.Messages, m => Assert.False(texts[$"Enrol.Help.{m.Key}"].ResourceNotFound, m.Key));
    }

    [Fact]
    public void Help_QuotesWhatTheAgentReallySays()
    {
        var sources = string.Concat(RepositoryRoot.Sources("Anycast.Agent", ".cs").Concat(RepositoryRoot.Sources("Anycast.Core", ".cs").Where(f => f.Contains("Agents", StringComparison.Ordinal))).Select(File.ReadAllText));
        Assert.All(EnrolmentHelp.Messages, m => Assert.Contains(m.Message, sources, StringComparison.Ordinal));
    }

    private static async Task RefuseAsync(ConnectedCluster world, AgentHello hello)
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(world.Address) { Scheme = "ws", Path = TunnelRoutes.Connect }.Uri, Ct);
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(hello, TunnelJson.Default.AgentHello), WebSocketMessageType.Text, true, Ct);
        await Eventually.TrueAsync(() => world.Core.Get<EnrolmentWatch>().Last(world.Cluster.Id)?.Code == RefusalCodes.VersionUnsupported, "the refusal is told");
    }

    private static async Task<int> CountAsync(ConnectedCluster world)
    {
        await using var db = await world.Core.OpenAsync();
        return await db.EnrolmentTokens.CountAsync(Ct);
    }

    private static async Task<User> OwnerAsync(ConnectedCluster world)
    {
        await using var db = await world.Core.OpenAsync();
        return await db.Users.SingleAsync(u => u.Id == world.Owner.UserId, Ct);
    }

    private static IRenderedComponent<EnrolmentSteps> Render(PartContext context, ConnectedCluster world) =>
        context.Render<EnrolmentSteps>(p => p.Add(c => c.Team, world.Team.Slug).Add(c => c.Cluster, world.Cluster));

    /// <summary>Not async: the language is set for the test's own flow.</summary>
    private static PartContext Context(ConnectedCluster world, User user, string language)
    {
        var context = new PartContext(language);
        context.Services.AddLogging().AddOptions();
        context.Services.AddSingleton<TimeProvider>(world.Clock);
        context.Services.AddSingleton<Microsoft.Extensions.Configuration.IConfiguration>(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build());
        context.Services.AddSingleton(world.Core.Get<RightsService>()).AddSingleton(world.Agents).AddSingleton(world.Core.Get<AgentConnections>())
            .AddSingleton(world.Core.Get<EnrolmentWatch>()).AddSingleton(world.Core.Get<ClusterCaches>());
        context.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(user)).AddScoped<CurrentActor>();
        return context;
    }

    private sealed class SignedIn(User user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(Principal.For(user, Guid.NewGuid(), null, "test")));
    }
}
