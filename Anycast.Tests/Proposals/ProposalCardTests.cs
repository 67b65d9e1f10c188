using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Tests.Harness;
using Anycast.Tests.Shell;
using Anycast.Tunnel.Operations;
using Anycast.Web.Accounts;
using Anycast.Web.Accounts.StepUp;
using Anycast.Web.Proposals;
using Anycast.Web.Shell;
using Bunit;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;

namespace Anycast.Tests.Proposals;

/// <summary>The card on which a person decides, over the real services and a real cluster.</summary>
public sealed class ProposalCardTests(ProposalWorld world) : IClassFixture<ProposalWorld>
{
    [Theory]
    [InlineData("en", "Approve and apply", "Can be approved for another")]
    [InlineData("de", "Freigeben und anwenden", "Kann noch")]
    public async Task Card_OfAWaitingProposal_ShowsEachLeafAndBothDecisions(string language, string approve, string expiry)
    {
        var proposal = await world.ScaleAsync("cart");
        await using var context = Context(await UserAsync(world.Approver), language);
        var card = context.Render<ProposalCard>(p => p.Add(c => c.ProposalId, proposal.Id).Add(c => c.TeamSlug, world.Cluster.Team.Slug));
        card.WaitForElement("[data-approve]");
        Assert.Contains(approve, card.Find("[data-approve]").TextContent, StringComparison.Ordinal);
        Assert.Contains(expiry, card.Find("[role=timer]").TextContent, StringComparison.Ordinal);
        Assert.Equal("spec.replicas", card.Find(".leaf .path").TextContent.Trim());
        Assert.NotEqual(card.Find(".before code").TextContent, card.Find(".after code").TextContent);
        Assert.Empty(card.FindAll("[autofocus]"));
        Assert.Contains(world.Cluster.Owner.Name, card.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Approve_OnTheCard_AppliesAndAllOtherCardsFollow()
    {
        var proposal = await world.ScaleAsync("search");
        await using var context = Context(await UserAsync(world.Approver));
        await using var other = Context(await UserAsync(world.Cluster.Owner));
        var card = context.Render<ProposalCard>(p => p.Add(c => c.ProposalId, proposal.Id));
        var second = other.Render<ProposalCard>(p => p.Add(c => c.ProposalId, proposal.Id));
        card.WaitForElement("[data-approve]");
        second.WaitForElement("[data-approve]");
        await card.Find("[data-approve]").ClickAsync();
        card.WaitForAssertion(() => Assert.Equal("Executed", card.Find("article").GetAttribute("data-state")), TimeSpan.FromSeconds(10));
        second.WaitForAssertion(() => Assert.Equal("Executed", second.Find("article").GetAttribute("data-state")), TimeSpan.FromSeconds(10));
        Assert.Empty(second.FindAll("[data-approve]"));
    }

    [Fact]
    public async Task Approve_OfWhatWasDecidedElsewhere_SaysSo()
    {
        var proposal = await world.ScaleAsync("catalog");
        await using var context = Context(await UserAsync(world.Approver));
        var card = context.Render<ProposalCard>(p => p.Add(c => c.ProposalId, proposal.Id));
        card.WaitForElement("[data-approve]");
        await using (var db = await world.Cluster.Core.OpenAsync())
        {
            await db.Proposals.Where(p => p.Id == proposal.Id).ExecuteUpdateAsync(s => s.SetProperty(p => p.State, ProposalState.Rejected), Xunit.TestContext.Current.CancellationToken);
        }

        await card.Find("[data-approve]").ClickAsync();
        card.WaitForAssertion(() => Assert.Equal("proposals.already_decided", card.Find("[data-failure]").GetAttribute("data-failure")));
    }

    [Fact]
    public async Task Card_OfADestructiveProposal_NeedsTheTypedName()
    {
        var made = await world.ProposeAsync(OperationNames.Scale, "Deployment", "shop", "storefront", new LeafChange("spec.replicas", "0"));
        await using var context = Context(await UserAsync(world.Approver));
        var card = context.Render<ProposalCard>(p => p.Add(c => c.ProposalId, made.Value!.Id));
        card.WaitForElement("[data-approve]");
        Assert.True(card.Find("[data-approve]").HasAttribute("disabled"));
        await card.Find("input").InputAsync("storefront");
        Assert.False(card.Find("[data-approve]").HasAttribute("disabled"));
        await card.Find("[data-reject]").ClickAsync();
        card.WaitForAssertion(() => Assert.Equal("Rejected", card.Find("article").GetAttribute("data-state")));
        Assert.NotEqual(0, world.Replicas("storefront"));
    }

    [Fact]
    public async Task Card_ForWhoMayOnlyLook_OffersNoDecision()
    {
        var proposal = await world.ScaleAsync("catalog");
        await using var context = Context(await UserAsync(world.Viewer));
        var card = context.Render<ProposalCard>(p => p.Add(c => c.ProposalId, proposal.Id));
        card.WaitForElement("article");
        Assert.Empty(card.FindAll("[data-approve], [data-reject]"));
    }

    [Fact]
    public async Task Card_ForAStranger_ShowsNothingOfIt()
    {
        var proposal = await world.ScaleAsync("catalog");
        await using var context = Context(await UserAsync(await world.Cluster.Core.ActorAsync()));
        var card = context.Render<ProposalCard>(p => p.Add(c => c.ProposalId, proposal.Id));
        card.WaitForElement(".notice");
        Assert.DoesNotContain("catalog", card.Markup, StringComparison.Ordinal);
    }

    private async Task<User> UserAsync(Actor actor)
    {
        await using var db = await world.Cluster.Core.OpenAsync();
        return await db.Users.SingleAsync(u => u.Id == actor.UserId);
    }

    /// <summary>Not async: the language is set for the test's own flow.</summary>
    private PartContext Context(User user, string language = "en")
    {
        var context = new PartContext(language);
        context.Services.AddLogging();
        context.Services.AddSingleton<TimeProvider>(world.Cluster.Clock);
        context.Services.AddSingleton(world.Cluster.Proposals).AddSingleton(world.Cluster.Approval).AddSingleton(world.Cluster.Core.Get<ProposalFeed>());
        context.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(user)).AddScoped<CurrentActor>();
        context.Services.AddMudServices();
        context.Services.AddScoped<StepUps>();
        return context;
    }

    private sealed class SignedIn(User user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(Principal.For(user, Guid.NewGuid(), null, "test")));
    }
}
