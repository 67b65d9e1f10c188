using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Tests.Shell;
using Anycast.Web.Accounts.Me;
using Anycast.Web.ApiTokens;
using Anycast.Web.Teams.Invitations;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.ApiTokens;

/// <summary>The page by keyboard: the focus goes with what appears and goes, and each error stands at its field.</summary>
public sealed class TokensPageTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task NewToken_ByKeyboard_MovesTheFocusIntoTheFormOntoTheTokenAndBack()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada");
        await app.Services.GetRequiredService<TeamService>().CreateAsync(ada, "Shop", default);
        await using var context = await PageContext.OpenAsync(app, ada);
        var page = context.Render<TokensPage>();
        var focused = () => context.JSInterop.Invocations.Count(i => i.Identifier == "Blazor._internal.domWrapper.focus");

        page.WaitForElement("button.btn-primary", s_patience).Click();
        page.WaitForAssertion(() => Assert.Equal(1, focused()), s_patience);
        Assert.Equal(page.Find("#token-name").GetAttribute("blazor:elementReference"), Last(context).Id);

        // An empty name: said at the field, and the focus goes there.
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("#token-team option")), s_patience);
        page.Find("form.card").Submit();
        page.WaitForAssertion(() => Assert.Equal("true", page.Find("#token-name").GetAttribute("aria-invalid")), s_patience);
        Assert.Contains("token-error", page.Find("#token-name").GetAttribute("aria-describedby")!.Split(' '));
        Assert.NotEmpty(page.Find("#token-error").TextContent);
        Assert.Equal(2, focused());

        page.Find("#token-name").Change("Backup");
        page.Find("form.card").Submit();
        page.WaitForElement("[data-token]", s_patience);
        page.WaitForAssertion(() => Assert.Equal(3, focused()), s_patience);
        page.Find(".card-foot button").Click();
        page.WaitForAssertion(() => Assert.Equal(4, focused()), s_patience);
        Assert.Empty(page.FindAll("[data-token]"));
    }

    [Fact]
    public async Task PasswordCard_AfterTheSecondFactorWentOrCame_SaysWhatHoldsNow()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada");
        await using var context = await PageContext.OpenAsync(app, ada);
        var page = context.Render<SecurityPage>();
        page.WaitForAssertion(() => Assert.Contains("12", page.Find("#new-help").TextContent, StringComparison.Ordinal), s_patience);
        await SetAsync(app, ada.UserId, true);
        await page.InvokeAsync(() => page.FindComponent<SecondFactorCard>().Instance.Changed.InvokeAsync());
        page.WaitForAssertion(() => Assert.Contains("8", page.Find("#new-help").TextContent, StringComparison.Ordinal), s_patience);
        await SetAsync(app, ada.UserId, false);
        await page.InvokeAsync(() => page.FindComponent<PasskeysCard>().Instance.Changed.InvokeAsync());
        page.WaitForAssertion(() => Assert.Contains("12", page.Find("#new-help").TextContent, StringComparison.Ordinal), s_patience);
    }

    [Fact]
    public async Task Invitation_WithoutAnAddress_SaysThatOneIsMissing()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada");
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(ada, "Shop", default)).Value!;
        var grant = (await app.Services.GetRequiredService<TeamService>().GetAsync(ada, team.Slug, default)).Value!;
        await using var context = await PageContext.OpenAsync(app, ada);
        var card = context.Render<SentInvitations>(p => p.Add(c => c.Grant, grant));
        await card.Find("form").SubmitAsync();
        card.WaitForAssertion(() => Assert.StartsWith("Enter the e-mail address", card.Find("#invite-error").TextContent, StringComparison.Ordinal), s_patience);
    }

    private static async Task SetAsync(InProcessApp app, Guid user, bool on)
    {
        await using var db = await app.Services.GetRequiredService<Microsoft.EntityFrameworkCore.IDbContextFactory<Core.Data.AppDbContext>>().CreateDbContextAsync();
        (await db.Users.FindAsync(user))!.TwoFactorEnabled = on;
        await db.SaveChangesAsync();
    }

    private static ElementReference Last(PartContext context) => Assert.IsType<ElementReference>(context.JSInterop.Invocations.Last(i => i.Identifier == "Blazor._internal.domWrapper.focus").Arguments[0]);
}
