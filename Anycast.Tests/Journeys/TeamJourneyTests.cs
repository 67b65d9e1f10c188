using System.Text.RegularExpressions;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.Playwright;
using MimeKit;

namespace Anycast.Tests.Journeys;

/// <summary>Two people in one team, each with a browser of their own.</summary>
[Collection(JourneyCollection.Name)]
public sealed partial class TeamJourneyTests(BrowserFixture browser)
{
    private static readonly Dictionary<string, string?> s_settings = new(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" };

    [Fact]
    [PolicyClause("D03", "D11", "U03")]
    public async Task Role_ChangedWhileThePagesOfTheOtherAreOpen_HoldsAtTheirNextClick()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var owner = await browser.VisitAsync(app.Address);
        await owner.SignInAsync();
        await MakeTeamAsync(owner, "Engines");
        await using var grace = await browser.VisitAsync(app.Address, new View("de"));
        await JoinAsync(app, owner, grace, "engines", "Admin");

        await grace.GoAsync("/t/engines/members");
        await grace.LiveAsync();
        await Assertions.Expect(grace.Page.Locator("#invite-email")).ToBeVisibleAsync();

        await owner.GoAsync("/t/engines/members");
        await owner.LiveAsync();
        await owner.Page.GetByLabel("Role of Grace Hopper").SelectOptionAsync("Viewer");
        await Assertions.Expect(owner.Page.Locator("tr", new() { HasText = "grace@example.org" }).Locator(".chip").First).ToHaveTextAsync("Viewer");

        // The form still stands in the open page; what it asks for is refused, and nobody was invited.
        await grace.Page.Locator("#invite-email").FillAsync("friend@example.org");
        await grace.Page.Locator("form.card button[type=submit]").ClickAsync();
        await Assertions.Expect(grace.Page.Locator("#invite-error, .mud-snackbar").Filter(new() { HasTextRegex = new Regex("\\S") }).First).ToBeVisibleAsync();
        await owner.GoAsync("/t/engines/members");
        await owner.LiveAsync();
        await Assertions.Expect(owner.Page.GetByText("friend@example.org")).ToHaveCountAsync(0);
        await grace.GoAsync("/t/engines/members");
        await Assertions.Expect(grace.Page.Locator("#invite-email")).ToHaveCountAsync(0);

        // Removed while a page of the team is open: the next click in it finds no team.
        await grace.LiveAsync();
        await owner.Page.Locator("tr", new() { HasText = "grace@example.org" }).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await owner.Page.Locator(".mud-dialog button").Last.ClickAsync();
        await Assertions.Expect(owner.Page.GetByLabel("Role of Grace Hopper")).ToHaveCountAsync(0);
        Assert.Equal(404, (await grace.GoAsync("/t/engines/members"))!.Status);
        owner.AssertNoTrouble();
        grace.AssertNoTrouble();
    }

    [Fact]
    [PolicyClause("D14")]
    public async Task Team_WithItsActivityDownloaded_IsDeletedByTypingItsName()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var owner = await browser.VisitAsync(app.Address);
        var page = owner.Page;
        await owner.SignInAsync();
        await MakeTeamAsync(owner, "=Engines & Söhne");
        var slug = new Uri(page.Url).Segments[2].TrimEnd('/');
        await owner.GoAsync($"/t/{slug}/members");
        await owner.LiveAsync();
        await page.Locator("#invite-email").FillAsync("friend@example.org");
        await page.Locator("form.card button[type=submit]").ClickAsync();
        await Assertions.Expect(page.GetByText("friend@example.org").First).ToBeVisibleAsync();

        await owner.GoAsync($"/t/{slug}/activity");
        await owner.LiveAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("a[href*='/activity/csv']").ClickAsync());
        Assert.Equal("activity.csv", download.SuggestedFilename);
        var lines = await File.ReadAllLinesAsync((await download.PathAsync())!);
        Assert.Equal("time,operation,result,who,target_kind,target,target_id,detail,count", lines[0]);
        Assert.Contains(lines, l => l.Contains("\"invitations.send\",\"done\",\"Olga Operator\",\"invitation\",\"friend@example.org\"", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("\"'=Engines & Söhne\"", StringComparison.Ordinal)); // no formula for a spreadsheet

        foreach (var view in new[] { (1440, 900), (390, 844) })
        {
            await page.SetViewportSizeAsync(view.Item1, view.Item2);
            await owner.GoAsync($"/t/{slug}/delete");
            await owner.LiveAsync();
            await owner.AssertAccessibleAsync();
            await owner.AssertFitsAsync();
            await page.ScreenshotAsync(new() { Path = RepositoryRoot.Artifacts("screenshots", $"team-delete-{view.Item1}.png") });
        }

        var delete = page.Locator("button.btn-danger");
        await Assertions.Expect(delete).ToBeDisabledAsync();
        await page.Locator("#typed-name").FillAsync("=engines & söhne");
        await Assertions.Expect(delete).ToBeDisabledAsync();
        await page.Locator("#typed-name").FillAsync("=Engines & Söhne");
        await Assertions.Expect(delete).ToBeEnabledAsync();
        await delete.ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/delete", StringComparison.Ordinal));
        Assert.Equal(404, (await owner.GoAsync($"/t/{slug}"))!.Status);
        owner.AssertNoTrouble();
    }

    [Fact]
    [PolicyClause("D02", "D12", "C01")]
    public async Task Chat_WithPictureAndDraft_ShowsBothAndKeepsNothingInTheBrowser()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var here = await browser.VisitAsync(app.Address);
        await here.SignInAsync();
        await MakeTeamAsync(here, "Engines");
        await here.GoAsync("/me/profile");
        await here.LiveAsync();
        await here.Page.Locator("#avatar-file").SetInputFilesAsync(new FilePayload { Name = "me.png", MimeType = "image/png", Buffer = AvatarTests.Picture(300, 300, SkiaSharp.SKEncodedImageFormat.Png) });
        await here.Page.Locator(".avatar-button img").WaitForAsync();

        await here.GoAsync("/t/engines/chat");
        await here.SendAsync("What can you do?");
        var picture = here.Page.Locator("[data-role=User] .avatar img");
        await picture.WaitForAsync();
        await Assertions.Expect(picture).ToHaveJSPropertyAsync("naturalWidth", 256);
        await Assertions.Expect(here.Page.Locator("[data-role=Assistant]").Last).Not.ToHaveAttributeAsync("data-state", "Running", new() { Timeout = 60_000 });
        await here.AssertAccessibleAsync();
        await here.ShotAsync("chat-avatar");

        // What was typed and not sent stands on the server: another device of the same person shows it, this browser keeps nothing.
        await here.Page.Locator("#question").FillAsync("Why is checkout");
        var conversation = new Uri(here.Page.Url).AbsolutePath;
        await using var there = await browser.VisitAsync(app.Address, View.Phone);
        await there.SignInAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                await there.GoAsync(conversation);
                await there.LiveAsync();
                return await there.Page.Locator("#question").InputValueAsync() == "Why is checkout";
            },
            "the draft is on the other device");
        await here.Page.ReloadAsync();
        await here.LiveAsync();
        await Assertions.Expect(here.Page.Locator("#question")).ToHaveValueAsync("Why is checkout");
        foreach (var visitor in new[] { here, there })
        {
            Assert.Equal("0", await visitor.Page.EvaluateAsync<string>("async () => String(localStorage.length + sessionStorage.length + (await indexedDB.databases()).length + (await caches.keys()).length)"));
            Assert.Equal(["__Host-anycast.antiforgery", "__Host-anycast.session"], (await visitor.Context.CookiesAsync()).Select(c => c.Name).Order(StringComparer.Ordinal));
            visitor.AssertNoTrouble();
        }
    }

    [Fact]
    public async Task Circuit_WhoseBrowserBecameSomebodyElse_ShowsThemNothingOfTheFirst()
    {
        await using var app = await AppProcess.StartAsync(s_settings);
        await using var link = new WeakLink(app.Port);
        await using var first = await browser.VisitAsync(link.Address);
        await first.SignInAsync();
        await first.GoAsync("/me/profile");
        await first.LiveAsync();

        // The same browser gets the cookie of another session, as when somebody else signs in in another tab; the first session itself lives on.
        await using var second = await browser.VisitAsync(app.Address);
        await second.SignInAsync();
        var cookie = (await second.Context.CookiesAsync()).Single(c => c.Name == "__Host-anycast.session");
        await first.Context.AddCookiesAsync([new Cookie { Name = cookie.Name, Value = cookie.Value, Domain = "localhost", Path = "/", Secure = true, HttpOnly = true, SameSite = SameSiteAttribute.Lax, Expires = cookie.Expires }]);
        link.Reset();
        await Assertions.Expect(first.Page.GetByText("You are signed out")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(first.Page.Locator("#avatar-file")).ToHaveCountAsync(0);
    }

    private static async Task MakeTeamAsync(Visitor visitor, string name)
    {
        await visitor.GoAsync("/me/teams/new");
        await visitor.Page.Locator("#input-name").FillAsync(name);
        await visitor.Page.Locator("main form button[type=submit]").ClickAsync();
        await visitor.Page.WaitForURLAsync("**/t/*");
    }

    /// <summary>Grace registers, confirms by the mail that lies in the folder, and accepts an invitation.</summary>
    private static async Task JoinAsync(AppProcess app, Visitor owner, Visitor grace, string team, string role)
    {
        await grace.GoAsync("/account/register");
        await grace.Page.Locator("#input-name").FillAsync("Grace Hopper");
        await grace.Page.Locator("#input-email").FillAsync("grace@example.org");
        await grace.Page.Locator("#input-password").FillAsync(CoreHost.Password);
        await grace.Page.Locator("#input-accepted").CheckAsync();
        await grace.Page.Locator("main form button[type=submit]").ClickAsync();
        await grace.Page.GotoAsync(await LinkAsync(app, "/account/confirm"));
        await grace.Page.Locator("#proof-password").FillAsync(CoreHost.Password);
        await grace.Page.Locator("main form button[type=submit]").First.ClickAsync();
        await grace.Page.WaitForURLAsync("**/me/teams/new");

        await owner.GoAsync($"/t/{team}/members");
        await owner.LiveAsync();
        await owner.Page.Locator("#invite-email").FillAsync("grace@example.org");
        await owner.Page.Locator("#invite-role").SelectOptionAsync(role);
        await owner.Page.Locator("form.card button[type=submit]").ClickAsync();
        await Assertions.Expect(owner.Page.GetByText("grace@example.org").First).ToBeVisibleAsync();
        await grace.GoAsync("/me/invitations");
        await grace.LiveAsync();
        await grace.Page.Locator("tbody .btn-primary").ClickAsync();
        await grace.Page.WaitForURLAsync($"**/t/{team}*");
    }

    private static async Task<string> LinkAsync(AppProcess app, string path)
    {
        string? link = null;
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var file in Directory.Exists(Path.Combine(app.Data, "mail")) ? Directory.GetFiles(Path.Combine(app.Data, "mail"), "*.eml") : [])
                {
                    using var mail = await MimeMessage.LoadAsync(file);
                    link ??= LinkPattern().Matches(mail.TextBody ?? "").Select(m => m.Value).FirstOrDefault(l => l.Contains(path, StringComparison.Ordinal));
                }

                return link is not null;
            },
            $"a mail with a link to {path}");
        return link!;
    }

    [GeneratedRegex(@"https?://\S+")]
    private static partial Regex LinkPattern();
}
