using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Anycast.Core.Accounts;
using Anycast.Core.Mail;
using Anycast.Tests.Harness;
using Anycast.Tests.Harness.Circuits;
using Anycast.Web.Shell;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>
/// A proof gives the session a new key and a sign-in a new session, by what a browser is answered (T20). The way by a passkey, which needs an
/// authenticator, is in <see cref="PasskeyPagesTests"/>.
/// </summary>
public sealed partial class SessionKeyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [PolicyClause("D21")]
    public async Task Key_AfterAProof_IsNewAndTheOpenCircuitLivesOn(bool byFetch)
    {
        await using var site = await CircuitSite.StartAsync();
        var (person, browser) = await SignedInAsync(site);
        var (stolen, before) = (browser.SessionCookie!, await OnlySessionAsync(site, person));
        await using var circuit = await site.OpenAsync(AppUrls.Profile, browser.Header);

        var form = await browser.GetAsync(AppUrls.StepUpPath);
        var answer = byFetch
            ? await browser.PostAsync(AppUrls.StepUpProof, form.Html, ("secret", CoreHost.Password))
            : await browser.PostAsync(AppUrls.StepUpPath, form.Html, ("_handler", "step-up"), ("Input.Secret", CoreHost.Password));
        Assert.Equal(byFetch ? HttpStatusCode.OK : HttpStatusCode.Redirect, answer.Status);

        Assert.NotEqual(stolen, browser.SessionCookie);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(AppUrls.Profile)).Status);
        await AssertWorthNothingAsync(site, stolen);
        var after = await OnlySessionAsync(site, person);
        Assert.Equal(before.Id, after.Id);
        Assert.NotEqual(before.KeyHash, after.KeyHash);

        // Longer than what was known of the session may be old: whoever acts in the open page is asked about again.
        var proven = Stopwatch.GetTimestamp();
        do
        {
            var save = await circuit.HandlerAsync(h => h is { Element: "form", Event: "submit" }, "a form of the page");
            Assert.True((await circuit.RaiseAsync(save.Id, "submit", "{\"type\":\"submit\"}")).Ok, circuit.Calls);
        }
        while (Stopwatch.GetElapsedTime(proven) < TimeSpan.FromSeconds(1.5));
        Assert.True(circuit.IsConnected && circuit.SentAwayAt == 0, circuit.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [PolicyClause("D21")]
    public async Task SignIn_WhileSomebodyIsSignedIn_EndsTheirSessionAndOpensOneOfItsOwn(bool byPin)
    {
        await using var site = await CircuitSite.StartAsync();
        var (first, browser) = await SignedInAsync(site);
        var second = await site.PersonAsync();
        await using (var db = await site.OpenAsync())
        {
            await db.Sessions.Where(s => s.UserId == second.Actor.UserId).ExecuteDeleteAsync();
        }

        var stolen = browser.SessionCookie!;
        var answer = byPin ? await ByPinAsync(site, browser, second)
            : await browser.PostAsync(AppUrls.LoginPath, (await browser.GetAsync(AppUrls.Pin)).Html, ("_handler", "login"), ("Input.Email", second.Actor.Email), ("Input.Password", CoreHost.Password));
        Assert.Equal((HttpStatusCode.Redirect, "/"), (answer.Status, answer.Location));

        var profile = await browser.GetAsync(AppUrls.Profile);
        Assert.Equal(HttpStatusCode.OK, profile.Status);
        Assert.Contains(second.Actor.Email, profile.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(first.Actor.Email, profile.Html, StringComparison.Ordinal);
        await AssertWorthNothingAsync(site, stolen);
        await OnlySessionAsync(site, second);
        await using var rows = await site.OpenAsync();
        Assert.Equal(0, await rows.Sessions.CountAsync(s => s.UserId == first.Actor.UserId));
    }

    [Fact]
    public async Task SignIn_AsOneselfAgain_LeavesOneSessionWithANewKey()
    {
        await using var site = await CircuitSite.StartAsync();
        var (person, browser) = await SignedInAsync(site);
        var (stolen, before) = (browser.SessionCookie!, await OnlySessionAsync(site, person));
        var answer = await ByPinAsync(site, browser, person);
        Assert.Equal(HttpStatusCode.Redirect, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(AppUrls.Profile)).Status);
        await AssertWorthNothingAsync(site, stolen);
        Assert.NotEqual(before.Id, (await OnlySessionAsync(site, person)).Id);
    }

    /// <summary>A form whose page was loaded before somebody signed in: refused, with a sentence and a way on.</summary>
    [Theory]
    [InlineData("en", "This form was out of date", "You are signed in")]
    [InlineData("de", "Dieses Formular war veraltet", "Sie sind angemeldet")]
    public async Task Form_OfATabFromBeforeTheSignIn_IsRefusedWithAWayOn(string language, string title, string words)
    {
        await using var site = await CircuitSite.StartAsync();
        var person = await site.PersonAsync();
        var browser = new CookieBrowser(site.Client, site.Address);
        var old = await browser.GetAsync("/account/login?return=%2Fme%2Fprofile");
        Assert.Equal(HttpStatusCode.Redirect, (await browser.SubmitAsync(AppUrls.LoginPath, "login", ("Input.Email", person.Actor.Email), ("Input.Password", CoreHost.Password))).Status);
        await browser.GetAsync(AppUrls.Language(language, "/"));
        var session = browser.SessionCookie;

        var late = await browser.PostAsync("/account/login?return=%2Fme%2Fprofile", old.Html, ("_handler", "login"), ("Input.Email", person.Actor.Email), ("Input.Password", CoreHost.Password));
        Assert.Equal(HttpStatusCode.BadRequest, late.Status);
        Assert.Equal(session, browser.SessionCookie);
        Assert.Contains($"<html lang=\"{language}\"", late.Html, StringComparison.Ordinal);
        Assert.Contains(title, late.Html, StringComparison.Ordinal);
        Assert.Contains(words, late.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("__RequestVerificationToken", late.Html, StringComparison.Ordinal);

        // The way on leads where the form would have led.
        var on = WebUtility.HtmlDecode(Regex.Match(late.Html, "class=\"actions\">\\s*<a class=\"btn btn-primary\" href=\"([^\"]+)\"").Groups[1].Value);
        Assert.Equal("/account/login?return=%2Fme%2Fprofile", on);
        Assert.Equal((HttpStatusCode.Redirect, "/me/profile"), ((await browser.GetAsync(on)).Status, (await browser.GetAsync(on)).Location));
    }

    [Fact]
    public async Task Form_WithoutItsToken_IsRefusedWithAWayBackToThePage()
    {
        await using var site = await CircuitSite.StartAsync();
        var browser = new CookieBrowser(site.Client, site.Address);
        var refused = await browser.PostAsync(AppUrls.Forgot, "", ("_handler", "forgot"), ("Input.Email", "somebody@example.org"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("This form was out of date", refused.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("You are signed in", refused.Html, StringComparison.Ordinal);
        Assert.Contains($"<a class=\"btn btn-primary\" href=\"{AppUrls.Forgot}\"", refused.Html, StringComparison.Ordinal);
        await using var db = await site.OpenAsync();
        Assert.Equal(0, await db.OutboxMails.CountAsync());
    }

    private static async Task<(CircuitPerson Person, CookieBrowser Browser)> SignedInAsync(CircuitSite site)
    {
        var person = await site.PersonAsync();
        var browser = new CookieBrowser(site.Client, site.Address);
        browser.Take(person.Cookie);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(AppUrls.Profile)).Status);
        return (person, browser);
    }

    private static async Task<PageAnswer> ByPinAsync(CircuitSite site, CookieBrowser browser, CircuitPerson person)
    {
        Assert.Equal(HttpStatusCode.Redirect, (await browser.SubmitAsync(AppUrls.Pin, "pin-send", ("Input.Email", person.Actor.Email))).Status);
        var pin = "";
        await Eventually.TrueAsync(
            async () =>
            {
                var mails = await site.Services.GetRequiredService<MailPickup>().ListAsync(TestContext.Current.CancellationToken);
                pin = mails.Where(m => m.To.Contains(person.Actor.Email, StringComparison.Ordinal)).Select(m => PinPattern().Match(m.Text).Value).FirstOrDefault(p => p.Length > 0) ?? "";
                return pin.Length > 0;
            },
            "the code's mail is delivered",
            TimeSpan.FromMinutes(2));
        return await browser.SubmitAsync(AppUrls.Pin, "pin", ("Code.Code", pin));
    }

    private static async Task<Session> OnlySessionAsync(CircuitSite site, CircuitPerson person)
    {
        await using var db = await site.OpenAsync();
        return Assert.Single(await db.Sessions.AsNoTracking().Where(s => s.UserId == person.Actor.UserId).ToListAsync());
    }

    private static async Task AssertWorthNothingAsync(CircuitSite site, string cookie)
    {
        var thief = new CookieBrowser(site.Client, site.Address);
        thief.Take(cookie);
        var answer = await thief.GetAsync(AppUrls.Profile);
        Assert.Equal(HttpStatusCode.Redirect, answer.Status);
        Assert.Contains(AppUrls.LoginPath, answer.Location, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex PinPattern();
}
