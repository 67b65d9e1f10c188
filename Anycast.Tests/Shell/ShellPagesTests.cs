using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Anycast.Tests.Shell;

/// <summary>The pages of this folder in Chromium: both languages, both schemes, both widths; nothing serious for axe, nothing blocked by the policy.</summary>
public sealed class ShellPagesTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private static readonly View[] s_views = [new("en"), new("de", ColorScheme.Dark, 390, 844)];
    private static readonly string[] s_open = ["/", "/account/login", "/account/register", "/account/forgot", "/account/confirm", "/account/reset", "/terms", "/no-such-page", "/account/out-of-date"];
    private static readonly string[] s_signedIn = ["/t/engines/members", "/t/engines/settings", "/t/engines/activity", "/me/profile", "/me/security", "/operator", "/operator/mail", "/me/teams/new", "/account/logout"];

    [Fact]
    [PolicyClause("C01", "C03")]
    public async Task Pages_InEveryView_ShowNothingSeriousToAxeAndSetOnlyTheStatedCookies()
    {
        await using var app = await AppProcess.StartAsync();
        string session;
        await using (var ada = await browser.VisitAsync(app.Address))
        {
            await SetUpAsync(ada.Page);
            session = await ada.Context.StorageStateAsync();
        }

        var serious = new List<string>();
        foreach (var view in s_views)
        {
            await using var stranger = await browser.VisitAsync(app.Address, view);
            foreach (var path in s_open)
            {
                await stranger.GoAsync(path);
                await LookAsync(stranger, path, serious);
            }

            Assert.Equal(["__Host-anycast.antiforgery"], await CookiesAsync(stranger));
            stranger.AssertNoTrouble();

            await using var ada = await browser.VisitAsync(app.Address, view);
            await ada.Context.AddCookiesAsync(CookiesOf(session));
            await ada.GoAsync(AppUrls.Language(view.Language, "/me/profile")); // An account's language goes before the browser's.
            foreach (var path in s_signedIn)
            {
                await ada.GoAsync(path);
                await Assertions.Expect(ada.Page.Locator("h1").First).ToBeVisibleAsync();
                if (await ada.Page.Locator("script[src*='blazor.web']").CountAsync() > 0)
                {
                    // An interactive page: while its circuit takes it over, Blazor takes the title out and puts it back in.
                    await ada.Page.Locator("html[data-live]").WaitForAsync();
                }

                await LookAsync(ada, path, serious);
            }

            Assert.Equal(["__Host-anycast.antiforgery", "__Host-anycast.session", "anycast.lang"], await CookiesAsync(ada));
            ada.AssertNoTrouble();
        }

        Assert.True(serious.Count == 0, string.Join('\n', serious));
    }

    [Fact]
    public async Task Shell_ByKeyboardAndMenus_GoesEverywhereAndRemembers()
    {
        await using var app = await AppProcess.StartAsync();
        await using var ada = await browser.VisitAsync(app.Address);
        var page = ada.Page;
        await SetUpAsync(page);
        await ada.GoAsync("/t/engines/members");

        var palette = page.Locator("[data-palette-input]");
        await page.Locator("html[data-live]").WaitForAsync();
        await page.Keyboard.PressAsync("Control+k");
        await palette.WaitForAsync();
        await palette.FillAsync("activ");
        var first = page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Option).First;
        await Assertions.Expect(first).ToContainTextAsync("Activity");
        await Assertions.Expect(first).ToHaveAttributeAsync("aria-selected", "true");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/t/engines/activity");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);

        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Activity" })).ToBeFocusedAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Searchbox)).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("nothing like this", new() { Delay = 60 });
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("q=nothing%20like%20this$"), new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("nothing like this");
        await Assertions.Expect(page.GetByText("Nothing matches")).ToBeVisibleAsync();
        await page.Locator(".filter button").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Searchbox)).ToHaveValueAsync("");
        await page.GetByRole(AriaRole.Searchbox).FocusAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("s");
        await page.WaitForURLAsync("**/t/engines/settings");

        // Density and the width of the navigation are the account's: at once, on the next first paint, on another device.
        await page.GetByRole(AriaRole.Button, new() { Name = "Account menu" }).ClickAsync();
        await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Compact" }).ClickAsync(), "**/preferences");
        Assert.Equal("compact", await page.EvaluateAsync<string>("document.documentElement.dataset.density"));
        await page.Keyboard.PressAsync("Escape");
        await page.RunAndWaitForResponseAsync(() => page.Locator("[data-toggle-rail]").ClickAsync(), "**/preferences");
        Assert.Equal("0/0", await page.EvaluateAsync<string>("`${localStorage.length}/${sessionStorage.length}`"));
        await using (var elsewhere = await browser.VisitAsync(app.Address))
        {
            await elsewhere.Context.AddCookiesAsync(CookiesOf(await ada.Context.StorageStateAsync()));
            var html = await (await elsewhere.GoAsync("/t/engines/settings"))!.TextAsync();
            Assert.Matches("<html[^>]* data-density=\"compact\"[^>]* data-rail=\"closed\"", html);
        }

        // The scheme at once and at the next first paint; the language also in the circuit.
        await page.GetByRole(AriaRole.Button, new() { Name = "Account menu" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.scheme"));
        await page.GetByRole(AriaRole.Link, new() { Name = "DE", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Team-Einstellungen" })).ToBeVisibleAsync();
        Assert.Equal("dark", await page.EvaluateAsync<string>("document.documentElement.dataset.scheme"));
        await page.Locator("html[data-live]").WaitForAsync();
        await page.Keyboard.PressAsync("Control+k");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Option, new() { Name = "Vorschläge" }).First).ToBeVisibleAsync(); // the circuit speaks German
        Assert.Equal(["__Host-anycast.antiforgery", "__Host-anycast.session", "anycast.lang", "anycast.scheme"], await CookiesAsync(ada));
        ada.AssertNoTrouble();
    }

    [Fact]
    public async Task Connection_WhenTheServerDiesAndComesBack_RecoversByItself()
    {
        await using var app = await AppProcess.StartAsync();
        await using var ada = await browser.VisitAsync(app.Address);
        await SetUpAsync(ada.Page);
        await ada.GoAsync("/t/engines/settings");
        var bar = ada.Page.Locator(".connection-bar");
        await Assertions.Expect(bar).ToBeHiddenAsync();
        await ada.Page.Locator("html[data-live]").WaitForAsync();

        await app.KillAsync();
        await Assertions.Expect(bar).ToContainTextAsync("Connection interrupted");
        Assert.Equal("none", await ada.Page.EvaluateAsync<string>("getComputedStyle(document.querySelector('#blazor-error-ui')).display"));

        await app.RestartAsync();
        await Assertions.Expect(bar).ToBeHiddenAsync(new() { Timeout = 60_000 });
        var save = ada.Page.GetByRole(AriaRole.Button, new() { Name = "Save" });
        await ada.Page.Locator("html[data-live]").WaitForAsync(); // the page is there before its circuit
        await ada.Page.GetByLabel("Team name").FillAsync("Engines 2");
        await save.ClickAsync();
        await Assertions.Expect(ada.Page.Locator(".team-switch")).ToContainTextAsync("Engines 2");
    }

    private static async Task SetUpAsync(IPage page)
    {
        await page.GotoAsync("/setup");
        await page.GetByLabel("Name").FillAsync("Ada Lovelace");
        await page.GetByLabel("E-mail address").FillAsync("ada@example.org");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("a long sentence to remember");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create operator account" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/setup"));
        await page.GotoAsync("/me/teams/new");
        await page.GetByLabel("Team name").FillAsync("Engines");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create team" }).ClickAsync();
        await page.WaitForURLAsync("**/t/engines");
    }

    private static async Task LookAsync(Visitor visitor, string path, List<string> serious)
    {
        await visitor.ShotAsync("shell" + path.Replace('/', '-'));
        var seen = await visitor.Page.RunAxe();
        serious.AddRange(seen.Violations.Where(v => v.Impact is "serious" or "critical")
            .Select(v => $"{path} ({visitor.View}): {v.Id} at {string.Join(", ", v.Nodes.Take(3).Select(n => n.Html))}"));
        Assert.Equal(visitor.View.Language, await visitor.Page.EvaluateAsync<string>("document.documentElement.lang"));
        Assert.False(await visitor.Page.EvaluateAsync<bool>("[...document.querySelectorAll('[hidden]')].some(e => getComputedStyle(e).display !== 'none')"), $"{path} shows what is hidden in {visitor.View}");
        Assert.False(await visitor.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), $"{path} scrolls sideways in {visitor.View}");
    }

    private static async Task<List<string>> CookiesAsync(Visitor visitor) =>
        [.. (await visitor.Context.CookiesAsync()).Select(c => c.Name).Order(StringComparer.Ordinal)];

    private static IEnumerable<Cookie> CookiesOf(string state) =>
        System.Text.Json.JsonDocument.Parse(state).RootElement.GetProperty("cookies").EnumerateArray()
            .Where(c => c.GetProperty("name").GetString() == "__Host-anycast.session")
            .Select(c => new Cookie
            {
                Name = c.GetProperty("name").GetString()!,
                Value = c.GetProperty("value").GetString()!,
                Domain = c.GetProperty("domain").GetString()!,
                Path = "/",
                Secure = true,
                HttpOnly = true,
                SameSite = SameSiteAttribute.Lax,
                Expires = (float)c.GetProperty("expires").GetDouble(),
            });
}
