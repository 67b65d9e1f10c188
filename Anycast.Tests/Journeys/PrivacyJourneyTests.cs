using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>What a person decides about their data, and what operators see of mails and beta features; in both languages, wide and on a phone.</summary>
[Collection(JourneyCollection.Name)]
public sealed class PrivacyJourneyTests(BrowserFixture browser, DemoProduct product)
{
    private static readonly View[] s_views = [new("en"), new("de", ColorScheme.Dark, 390, 844)];

    [Fact]
    [PolicyClause("D06", "R05")]
    public async Task Choices_OfAPerson_AreMadeOnTheirPagesAndHoldAtOnce()
    {
        var app = await product.StartAsync();
        foreach (var view in s_views)
        {
            await using var visitor = await browser.VisitAsync(app.Address, view);
            var page = visitor.Page;
            await visitor.SignInAsync();
            await visitor.GoAsync("/me/notifications");
            await visitor.LiveAsync();
            var box = page.Locator("#marketing input[type=checkbox]");
            await Assertions.Expect(box).Not.ToBeCheckedAsync();
            await box.CheckAsync();
            await Assertions.Expect(page.Locator("#marketing time")).ToBeVisibleAsync();
            await page.Locator("#marketing").ScrollIntoViewIfNeededAsync();
            await visitor.AssertAccessibleAsync();
            await visitor.AssertFitsAsync();
            await visitor.ShotAsync("marketing");
            await page.ReloadAsync();
            await visitor.LiveAsync();
            await Assertions.Expect(box).ToBeCheckedAsync();
            await box.UncheckAsync();
            await Assertions.Expect(box).ToBeEnabledAsync();
            await Assertions.Expect(box).Not.ToBeCheckedAsync();

            await visitor.GoAsync("/me/privacy");
            await visitor.LiveAsync();
            await page.Locator("#restriction .card-foot button").ClickAsync();
            await page.Locator(".mud-dialog .btn-primary, .mud-dialog .btn-danger").Last.ClickAsync();
            await page.Locator("[data-restricted]").WaitForAsync();
            await visitor.AssertAccessibleAsync();
            await visitor.AssertFitsAsync();
            await visitor.ShotAsync("restricted");
            await visitor.GoAsync("/t/demo/chat");
            await visitor.LiveAsync();
            await page.Locator("[data-restricted]").WaitForAsync();
            await page.Locator("#question").FillAsync("What is broken?");
            await page.Locator("[data-send]").ClickAsync();
            await page.Locator("[data-failure='accounts.restricted']").WaitForAsync();
            await visitor.ShotAsync("restricted-chat");
            await page.Locator("[data-restricted] a").ClickAsync();
            await page.Locator("#restriction .card-foot .btn-primary").ClickAsync();
            await page.Locator("[data-restricted]").WaitForAsync(new() { State = WaitForSelectorState.Detached });
            visitor.AssertNoTrouble();
        }
    }

    [Fact]
    [PolicyClause("S04")]
    public async Task Page_ThatStaysOpenForADay_KeepsTheCookieFresh()
    {
        var app = await product.StartAsync();
        await using var visitor = await browser.VisitAsync(app.Address);
        await visitor.SignInAsync();
        await visitor.Page.Clock.InstallAsync();
        await visitor.GoAsync("/me/profile");
        await visitor.LiveAsync();
        var answer = await visitor.Page.RunAndWaitForResponseAsync(
            () => visitor.Page.Clock.FastForwardAsync("25:00:00"), r => r.Url.EndsWith("/account/keep-alive", StringComparison.Ordinal));
        Assert.Equal(204, answer.Status);
    }

    [Fact]
    public async Task Operators_PreviewEveryMailAndCountBetaFeatures()
    {
        var app = await product.StartAsync();
        foreach (var view in s_views)
        {
            await using var visitor = await browser.VisitAsync(app.Address, view);
            await visitor.SignInAsync();
            foreach (var (name, path, wait) in new[] { ("mail-preview", $"/operator/mail/preview?lang={view.Language}&name=Pin", "iframe[data-preview=Pin]"), ("mail-preview-list", "/operator/mail/preview", ".mail-item"), ("beta-counts", "/operator/beta", "[data-feature=activity-api]"), ("operator-users", "/operator/users", "tbody tr") })
            {
                await visitor.GoAsync(path);
                await visitor.LiveAsync();
                await visitor.Page.Locator(wait).First.WaitForAsync();
                await visitor.AssertFitsAsync();
                await visitor.ShotAsync(name);

                // A document without scripts is nothing axe could run in; the rest of the page is looked at.
                await visitor.Page.EvaluateAsync("() => document.querySelector('iframe')?.remove()");
                await visitor.AssertAccessibleAsync();
            }

            await visitor.GoAsync("/operator/mail/preview?lang=de&name=Pin");
            await visitor.LiveAsync();
            await Assertions.Expect(visitor.Page.FrameLocator("iframe[data-preview=Pin]").Locator("body")).ToContainTextAsync("123456");
            visitor.AssertNoTrouble();
        }
    }
}
