using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>A fresh installation: create the operator, sign in, register somebody, confirm by the mail that the operator reads.</summary>
[Collection(JourneyCollection.Name)]
public sealed class FirstStartTests(BrowserFixture browser)
{
    [Fact]
    [PolicyClause("D04", "C01", "C03")]
    public async Task FirstStart_FromSetupToASecondPerson_Works()
    {
        await using var app = await AppProcess.StartAsync();
        await using var visitor = await browser.VisitAsync(app.Address);
        var page = visitor.Page;

        // Every address leads to the setup while there is no account; looking around sets no cookie but the form's own.
        await visitor.GoAsync("/");
        await page.WaitForURLAsync("**/setup");
        await visitor.ShotAsync("01-setup");
        await visitor.AssertAccessibleAsync();
        Assert.Equal(["__Host-anycast.antiforgery"], await CookiesAsync(visitor));
        await page.Locator("#input-name").FillAsync("Olga Operator");
        await page.Locator("#input-email").FillAsync("olga@example.org");
        await page.Locator("#input-password").FillAsync("short");
        await page.Locator("main form button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator("#input-password-error")).ToContainTextAsync("12");
        Assert.Equal("Olga Operator", await page.Locator("#input-name").InputValueAsync());
        await page.Locator("#input-password").FillAsync(CoreHost.Password);
        await page.Locator("main form button[type=submit]").ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/setup", StringComparison.Ordinal));
        await visitor.ShotAsync("02-after-setup");
        Assert.Equal(["__Host-anycast.antiforgery", "__Host-anycast.session"], await CookiesAsync(visitor));
        var session = (await visitor.Context.CookiesAsync()).Single(c => c.Name == "__Host-anycast.session");
        Assert.True(session is { HttpOnly: true, Secure: true, SameSite: SameSiteAttribute.Lax, Path: "/" });
        Assert.InRange(session.Value.Length, 20, 700);

        // The door is closed behind them.
        await using var stranger = await browser.VisitAsync(app.Address, new View("de", ColorScheme.Dark));
        await stranger.GoAsync("/setup");
        await stranger.Page.WaitForURLAsync("**/account/login*");
        await stranger.AssertAccessibleAsync();
        Assert.Equal("de", await stranger.Page.Locator("html").GetAttributeAsync("lang"));

        // Somebody registers; whether the address was known is not told.
        await stranger.GoAsync("/account/register");
        await stranger.AssertAccessibleAsync();
        await stranger.ShotAsync("03-register");
        await stranger.Page.Locator("#input-name").FillAsync("Rosa Reader");
        await stranger.Page.Locator("#input-email").FillAsync("rosa@example.org");
        await stranger.Page.Locator("#input-password").FillAsync(CoreHost.Password);
        await stranger.Page.Locator("#input-accepted").CheckAsync();
        await stranger.Page.Locator("main form button[type=submit]").ClickAsync();
        await Assertions.Expect(stranger.Page.Locator("main")).ToContainTextAsync("rosa@example.org");

        // Before the address is confirmed nothing works.
        await stranger.GoAsync("/account/login");
        await stranger.Page.Locator("#input-email").FillAsync("rosa@example.org");
        await stranger.Page.Locator("#input-password").FillAsync(CoreHost.Password);
        await stranger.Page.Locator("main form button[type=submit]").ClickAsync();
        await Assertions.Expect(stranger.Page.Locator("[role=alert]:not([hidden])")).ToBeVisibleAsync();

        // The operator reads the mail in the pick-up folder and hands the link over.
        await visitor.GoAsync("/operator/mail");
        await visitor.LiveAsync();
        await page.Locator(".mail-item").First.ClickAsync();
        var link = page.Locator(".mail-text a");
        await Assertions.Expect(link).ToBeVisibleAsync();
        await visitor.AssertAccessibleAsync();
        await visitor.ShotAsync("04-operator-mail");
        var href = (await link.GetAttributeAsync("href"))!;
        Assert.StartsWith(app.Address + "account/confirm?token=", href, StringComparison.Ordinal);

        await stranger.Page.GotoAsync(href);
        await stranger.AssertAccessibleAsync();
        await stranger.Page.Locator("#proof-password").FillAsync(CoreHost.Password);
        await stranger.Page.Locator("main form button[type=submit]").First.ClickAsync();
        await stranger.Page.WaitForURLAsync("**/me/teams/new");
        Assert.Equal(404, (await stranger.GoAsync("/operator/mail"))!.Status);
        Assert.Contains("__Host-anycast.session", await CookiesAsync(stranger));

        // Signing out ends the session on the server: the old cookie is worth nothing.
        var old = (await stranger.Context.CookiesAsync()).Single(c => c.Name == "__Host-anycast.session");
        await stranger.GoAsync("/account/logout");
        await stranger.Page.Locator("main form button[type=submit]").ClickAsync();
        await stranger.Page.WaitForURLAsync(url => !url.Contains("/account/logout", StringComparison.Ordinal));
        using var replay = new HttpRequestMessage(HttpMethod.Get, "/me/profile");
        replay.Headers.Add("Cookie", $"{old.Name}={old.Value}");
        using var answer = await app.Client.SendAsync(replay);
        Assert.Equal(System.Net.HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Contains("/account/login", answer.Headers.Location!.ToString(), StringComparison.Ordinal);

        visitor.AssertNoTrouble();
        stranger.AssertNoTrouble();
    }

    [Fact]
    [PolicyClause("C01")]
    public async Task Preferences_WhenChosen_SetTheirCookieAndNothingElseDoes()
    {
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Enabled"] = "false";
        await using var app = await AppProcess.StartAsync(settings);
        await using var visitor = await browser.VisitAsync(app.Address);
        await visitor.GoAsync("/");
        await Assertions.Expect(visitor.Page.Locator("h1")).ToBeVisibleAsync();
        Assert.Empty(await CookiesAsync(visitor));
        Assert.Equal("0", await visitor.Page.EvaluateAsync<string>("() => String(localStorage.length + sessionStorage.length)"));
        await visitor.AssertAccessibleAsync();
        await visitor.AssertFitsAsync();

        await visitor.Page.Locator("[data-set-scheme=dark]").First.ClickAsync();
        await Assertions.Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("data-scheme", "dark");
        Assert.Equal(["anycast.scheme"], await CookiesAsync(visitor));
        await visitor.Page.ReloadAsync();
        Assert.Equal("dark", await visitor.Page.Locator("html").GetAttributeAsync("data-scheme"));
        await visitor.AssertAccessibleAsync();

        await visitor.Page.Locator("a[href*='to=de']").First.ClickAsync();
        await Assertions.Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("lang", "de");
        Assert.Equal(["anycast.lang", "anycast.scheme"], await CookiesAsync(visitor));

        await visitor.GoAsync("/account/login"); // The first page with a form: the framework's, against forged posts.
        Assert.Equal(["__Host-anycast.antiforgery", "anycast.lang", "anycast.scheme"], await CookiesAsync(visitor));
        visitor.AssertNoTrouble();
    }

    private static async Task<List<string>> CookiesAsync(Visitor visitor) => [.. (await visitor.Context.CookiesAsync()).Select(c => c.Name).Order(StringComparer.Ordinal)];
}
