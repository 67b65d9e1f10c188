using Anycast.Tests.Harness;
using Anycast.Tests.Journeys;
using Microsoft.Playwright;

namespace Anycast.Tests.Accounts;

/// <summary>Passkeys and pictures by hand, with Chromium's virtual authenticator.</summary>
public sealed class PasskeyPagesTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private static readonly Dictionary<string, string?> s_settings = new(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" };

    [Fact]
    [PolicyClause("D07")]
    public async Task Passkey_FromAddingToRemoving_SignsInAndCountsAsSecondFactor()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var visitor = await browser.VisitAsync(app.Address);
        var page = visitor.Page;
        var authenticator = await AuthenticatorAsync(page);
        await visitor.SignInAsync();
        await visitor.GoAsync("/me/security");
        await visitor.LiveAsync();
        await page.Locator("#passkeys button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator("#passkey-name-error")).ToContainTextAsync("Give the passkey a name");
        await page.Locator("#passkey-name").FillAsync("Test laptop");
        await page.Locator("#passkeys button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-passkey-id]")).ToContainTextAsync("Test laptop");
        await Assertions.Expect(page.Locator("#passkeys .code-list li")).ToHaveCountAsync(10);
        await visitor.AssertAccessibleAsync();
        await page.Locator("#passkeys").ScrollIntoViewIfNeededAsync();
        await visitor.ShotAsync("passkeys");

        // In by the passkey alone.
        await SignOutAsync(visitor);
        await visitor.GoAsync("/account/login?return=/me/sessions");
        await visitor.AssertAccessibleAsync();
        await visitor.ShotAsync("login-passkey");
        await page.Locator("[data-passkey]").ClickAsync();
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/me/sessions"); // The sign-in page's own address ends in it too.
        Assert.DoesNotContain(await visitor.Context.CookiesAsync(), c => c.Name == "__Host-anycast.passkey");

        // After the password it is the second factor.
        await SignOutAsync(visitor);
        await TypePasswordAsync(visitor);
        await page.WaitForURLAsync("**/account/login/2fa*");
        await visitor.AssertAccessibleAsync();
        await page.Locator("[data-passkey]").ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/account/login", StringComparison.Ordinal));

        // An authenticator that did not check its user is not accepted, nor is one without a key of ours.
        await SignOutAsync(visitor);
        await authenticator.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = _authenticatorId, ["isUserVerified"] = false });
        await visitor.GoAsync("/account/login");
        await page.Locator("[data-passkey]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-passkey]")).ToBeEnabledAsync();
        Assert.Contains("/account/login", page.Url, StringComparison.Ordinal);
        await authenticator.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = _authenticatorId, ["isUserVerified"] = true });

        await page.Locator("[data-passkey]").ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/account/login", StringComparison.Ordinal));
        await visitor.GoAsync("/me/security");
        await visitor.LiveAsync();
        await page.Locator("[data-passkey-id] button", new() { HasText = "Remove" }).ClickAsync();
        await page.Locator(".mud-dialog button.btn-danger, .mud-dialog .btn-primary").Last.ClickAsync();
        await Assertions.Expect(page.Locator("[data-passkey-id]")).ToHaveCountAsync(0);

        // The browser still has its half; it is worth nothing now.
        await SignOutAsync(visitor);
        await visitor.GoAsync("/account/login");
        await page.Locator("[data-passkey]").ClickAsync();
        await Assertions.Expect(page.Locator("#passkey-error")).ToContainTextAsync("not accepted");
        await visitor.SignInAsync();
        visitor.AssertNoTrouble();
    }

    [Fact]
    [PolicyClause("D02")]
    public async Task Avatar_UploadedOnTheProfile_IsShownServedSafelyAndRemoved()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var visitor = await browser.VisitAsync(app.Address);
        var page = visitor.Page;
        await visitor.SignInAsync();
        await visitor.GoAsync("/me/profile");
        await visitor.LiveAsync();
        await Assertions.Expect(page.Locator(".avatar-button .avatar")).ToHaveTextAsync("OO");
        await page.Locator("#avatar-file").SetInputFilesAsync(new FilePayload { Name = "page.png", MimeType = "image/png", Buffer = "<html>"u8.ToArray() });
        await Assertions.Expect(page.Locator("main [role=alert]")).ToContainTextAsync("no picture that can be read");
        await page.Locator("#avatar-file").SetInputFilesAsync(new FilePayload { Name = "me.png", MimeType = "image/png", Buffer = AvatarTests.Picture(400, 300, SkiaSharp.SKEncodedImageFormat.Png) });
        var image = page.Locator(".avatar-button img");
        await image.WaitForAsync();
        await Assertions.Expect(image).ToHaveJSPropertyAsync("naturalWidth", 256);
        await visitor.AssertAccessibleAsync();
        await visitor.ShotAsync("profile-avatar");

        var path = (await image.GetAttributeAsync("src"))!;
        using (var stranger = await app.Client.GetAsync(path))
        {
            Assert.Equal(302, (int)stranger.StatusCode);
        }

        var served = await visitor.Page.APIRequest.GetAsync(path);
        Assert.Equal(200, served.Status);
        Assert.Equal("image/webp", served.Headers["content-type"]);
        Assert.Equal("nosniff", served.Headers["x-content-type-options"]);
        Assert.Equal("default-src 'none'; sandbox; frame-ancestors 'none'", served.Headers["content-security-policy"]);
        Assert.Contains("private", served.Headers["cache-control"], StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(page.Locator(".avatar-button .avatar")).ToHaveTextAsync("OO");
        Assert.Equal(404, (await visitor.Page.APIRequest.GetAsync(path)).Status);
        visitor.AssertNoTrouble();
    }

    [Fact]
    [PolicyClause("D08")]
    public async Task Beta_OnItsPage_IsJoinedAndLeft()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        foreach (var view in new[] { new View("en"), new View("de", ColorScheme.Dark, 390, 844) })
        {
            await using var visitor = await browser.VisitAsync(app.Address, view);
            await visitor.SignInAsync();
            await visitor.GoAsync("/me/beta");
            await visitor.LiveAsync();
            var card = visitor.Page.Locator("[data-feature=activity-api]");
            await card.Locator("button").ClickAsync();
            await card.Locator(".chip.ok").WaitForAsync();
            await visitor.AssertAccessibleAsync();
            await visitor.AssertFitsAsync();
            await visitor.ShotAsync("beta");
            await card.Locator("button").ClickAsync();
            await card.Locator(".chip.ok").WaitForAsync(new() { State = WaitForSelectorState.Detached });
            foreach (var (name, path) in new[] { ("profile", "/me/profile"), ("security", "/me/security"), ("terms", "/terms") })
            {
                await visitor.GoAsync(path);
                await visitor.Page.Locator("h1").First.WaitForAsync();
                await (path == "/terms" ? Task.CompletedTask : visitor.LiveAsync());
                await visitor.AssertAccessibleAsync();
                await visitor.AssertFitsAsync();
                await visitor.Page.ScreenshotAsync(new() { Path = RepositoryRoot.Artifacts("screenshots", $"{name}-full-{view}.png"), FullPage = true });
            }

            visitor.AssertNoTrouble();
        }
    }

    /// <summary>A proof by passkey gives the session a new key, a sign-in by passkey a new session, also while somebody is signed in (T20).</summary>
    [Fact]
    [PolicyClause("D21")]
    public async Task Passkey_OfAProofAndOfASignIn_BringsTheCookieANewKey()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var visitor = await browser.VisitAsync(app.Address);
        var page = visitor.Page;
        await AuthenticatorAsync(page);
        await visitor.SignInAsync();
        await visitor.GoAsync("/me/security");
        await visitor.LiveAsync();
        await page.Locator("#passkey-name").FillAsync("Test laptop");
        await page.Locator("#passkeys button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-passkey-id]")).ToHaveCountAsync(1, new() { Timeout = 30_000 });
        var open = await visitor.Context.NewPageAsync();
        await open.GotoAsync(new Uri(app.Address, "/me/beta").ToString());
        await open.Locator("html[data-live]").WaitForAsync();

        var first = await SessionAsync(visitor);
        Assert.Equal(200, await AskAsync(app, first));
        await visitor.GoAsync("/account/step-up?return=/me/sessions");
        await page.Locator("[data-passkey]").ClickAsync();
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/me/sessions");
        var second = await SessionAsync(visitor);
        Assert.NotEqual(first, second);
        Assert.Equal((302, 200), (await AskAsync(app, first), await AskAsync(app, second)));
        await Assertions.Expect(page.Locator("tr[data-list-row]")).ToHaveCountAsync(1);

        // The page that was open goes on.
        var card = open.Locator("[data-feature=activity-api]");
        await card.Locator("button").ClickAsync();
        await card.Locator(".chip.ok").WaitForAsync();

        // What the sign-in page's script does, from a page of somebody who is signed in.
        var done = await page.EvaluateAsync<bool>("async () => (await (await import('/js/passkeys.js')).show('/account/login/passkey', null)).ok");
        Assert.True(done);
        await visitor.GoAsync("/me/sessions");
        Assert.EndsWith("/me/sessions", page.Url, StringComparison.Ordinal);
        var third = await SessionAsync(visitor);
        Assert.Equal((302, 200), (await AskAsync(app, second), await AskAsync(app, third)));
        await Assertions.Expect(page.Locator("tr[data-list-row]")).ToHaveCountAsync(1);
        visitor.AssertNoTrouble();
    }

    private string _authenticatorId = "";

    private static async Task<string> SessionAsync(Visitor visitor) =>
        (await visitor.Context.CookiesAsync()).Single(c => c.Name == CookieBrowser.Session).Value;

    private static async Task<int> AskAsync(AppProcess app, string session)
    {
        var copy = new CookieBrowser(app.Client, app.Address);
        copy.Take($"{CookieBrowser.Session}={session}");
        return (int)(await copy.GetAsync("/me/profile")).Status;
    }

    private async Task<ICDPSession> AuthenticatorAsync(IPage page)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        await session.SendAsync("WebAuthn.enable");
        var answer = await session.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true,
            },
        });
        _authenticatorId = answer!.Value.GetProperty("authenticatorId").GetString()!;
        return session;
    }

    private static async Task TypePasswordAsync(Visitor visitor)
    {
        await visitor.GoAsync("/account/login");
        await visitor.Page.Locator("#input-email").FillAsync(DemoProduct.OperatorEmail);
        await visitor.Page.Locator("#input-password").FillAsync(CoreHost.Password);
        await visitor.Page.Locator("main form button[type=submit]").ClickAsync();
    }

    private static async Task SignOutAsync(Visitor visitor)
    {
        await visitor.GoAsync("/account/logout");
        await visitor.Page.Locator("main form button[type=submit]").ClickAsync();
        await visitor.Page.WaitForURLAsync(url => !url.Contains("/account/logout", StringComparison.Ordinal));
    }
}
