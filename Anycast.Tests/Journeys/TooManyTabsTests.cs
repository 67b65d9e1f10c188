using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>Whoever opens more pages than they may is told so and what to do, on a page that does not pretend to work (T13).</summary>
[Collection(JourneyCollection.Name)]
public sealed class TooManyTabsTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("en", ColorScheme.Light, 1440, "Too many pages are open", "You can have 2 pages")]
    [InlineData("de", ColorScheme.Dark, 390, "Zu viele Seiten sind geöffnet", "Sie können 2 Seiten")]
    public async Task Page_BeyondTheLimit_SaysSoAndWorksOnceAnotherIsClosed(string language, ColorScheme scheme, int width, string title, string text)
    {
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Enabled"] = "false";
        settings["Anycast:Circuits:PerPerson"] = "2";
        settings["Anycast:Circuits:WaitForSeat"] = "00:00:01";
        await using var app = await AppProcess.StartAsync(settings);
        await using var visitor = await browser.VisitAsync(app.Address, new View(language, scheme, width, width == 390 ? 844 : 900));
        await visitor.SignInAsync();
        await visitor.GoAsync("/me/profile");
        await visitor.LiveAsync();
        var second = await visitor.NewTabAsync();
        await second.GotoAsync("/me/security");
        await LiveAsync(second);

        // A reload takes no second place, however often.
        for (var i = 0; i < 3; i++)
        {
            await second.ReloadAsync();
            await LiveAsync(second);
        }

        var third = await visitor.NewTabAsync();
        await third.GotoAsync("/me/sessions");
        var panel = third.GetByRole(AriaRole.Alertdialog);
        await Assertions.Expect(panel).ToContainTextAsync(title, new() { Timeout = 30_000 });
        await Assertions.Expect(panel).ToContainTextAsync(text);
        await Assertions.Expect(panel.GetByRole(AriaRole.Button)).ToBeFocusedAsync();
        Assert.True(await third.EvaluateAsync<bool>("() => document.querySelector('.shell').inert && document.documentElement.scrollWidth <= document.documentElement.clientWidth"));
        await third.ScreenshotAsync(new() { Path = RepositoryRoot.Artifacts("screenshots", $"too-many-tabs-{visitor.View}.png") });

        await second.CloseAsync(new() { RunBeforeUnload = true });
        await panel.GetByRole(AriaRole.Button).PressAsync("Enter");
        await LiveAsync(third);
        await Assertions.Expect(panel).Not.ToBeVisibleAsync();
    }

    private static Task LiveAsync(IPage page) => page.Locator("html[data-live]").WaitForAsync(new LocatorWaitForOptions { Timeout = 60_000 });
}
