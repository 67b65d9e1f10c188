using Anycast.Tests.Harness;
using Anycast.Tests.Journeys;
using Microsoft.Playwright;

namespace Anycast.Tests.Accounts;

/// <summary>The profile page by hand.</summary>
public sealed class ProfilePageTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task Times_InTheChosenZone_AreShownAndKept()
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?>(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" });
        await using var visitor = await browser.VisitAsync(app.Address);
        await visitor.SignInAsync();
        await visitor.GoAsync("/me/profile");
        await visitor.LiveAsync();
        await visitor.Page.Locator("#zone").SelectOptionAsync("Pacific/Auckland");
        await Assertions.Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("data-zone", "Pacific/Auckland");
        var help = await visitor.Page.Locator("#zone-help").InnerTextAsync();
        var there = TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, TimeZoneInfo.FindSystemTimeZoneById("Pacific/Auckland"));
        Assert.Contains(help, new[] { there, there.AddMinutes(-1) }.Select(t => $"Times are shown in it. It is now {t:HH:mm}."));

        var html = await (await visitor.GoAsync("/me/sessions"))!.TextAsync();
        Assert.Contains("data-zone=\"Pacific/Auckland\"", html, StringComparison.Ordinal);
        await visitor.LiveAsync();
        var time = visitor.Page.Locator("main time").First;
        await Assertions.Expect(time).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex(@"UTC\+1[23]:00$"));
        await time.HoverAsync();
        await Assertions.Expect(time).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex(@"GMT\+1[23]$"));
        visitor.AssertNoTrouble();
    }
}
