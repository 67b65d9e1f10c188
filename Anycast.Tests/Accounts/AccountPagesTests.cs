using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Accounts;

/// <summary>The way in, by hand: first start, registration, the mail in the pick-up folder, confirmation, sign-in, forgotten password, sign-out.</summary>
public sealed class AccountPagesTests(BrowserFixture browser) : IClassFixture<BrowserFixture>
{
    private const string Operator = "ada@example.org";
    private const string Person = "grace@example.org";
    private const string Password = "a long sentence to remember";
    private const string NewPassword = "another sentence, longer than before";

    [Fact]
    public async Task Accounts_FromFirstStartToSignOut_WorkByHand()
    {
        await using var app = await AppProcess.StartAsync();
        await using var ada = await browser.VisitAsync(app.Address);
        await SetUpAsync(ada.Page);

        await using var grace = await browser.VisitAsync(app.Address);
        await RegisterAsync(grace.Page);
        var confirm = await LinkInMailAsync(ada.Page, "/account/confirm");
        await grace.Page.GotoAsync(confirm);
        await ConfirmAsync(grace.Page, "not the password of it");
        await Assertions.Expect(grace.Page.GetByText("not the password that was typed at this registration")).ToBeVisibleAsync();
        await ConfirmAsync(grace.Page, Password);
        await grace.Page.WaitForURLAsync("**/me/teams/new");
        await grace.Page.GetByLabel("Team name").FillAsync("Compilers");
        await grace.Page.GetByRole(AriaRole.Button, new() { Name = "Create team" }).ClickAsync();
        await grace.Page.WaitForURLAsync("**/t/compilers");

        // The link opened again changes nothing and says nothing wrong; one that never was says so.
        await grace.Page.GotoAsync(confirm);
        await ConfirmAsync(grace.Page, Password);
        await grace.Page.WaitForURLAsync("**/t/compilers");
        await grace.Page.GotoAsync(confirm[..^3] + "abc");
        await ConfirmAsync(grace.Page, Password);
        await Assertions.Expect(grace.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("used up or too old");

        // A link needs the session it was opened for no more than any other: signed out, it leads to the sign-in and then there.
        await grace.GoAsync("/account/logout");
        await grace.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await grace.GoAsync("/t/compilers/members");
        Assert.Contains("/account/login?return=%2Ft%2Fcompilers%2Fmembers", grace.Page.Url);

        await ResetAsync(grace.Page, ada.Page);
        await SignInAsync(grace.Page, Password);
        await Assertions.Expect(grace.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("do not match an account");
        await Assertions.Expect(grace.Page.GetByLabel("E-mail address")).ToHaveValueAsync(Person);
        await SignInAsync(grace.Page, NewPassword);
        await grace.Page.WaitForURLAsync("**/t/compilers");
        await AcceptNewTermsAsync(app, grace);
        ada.AssertNoTrouble();
        grace.AssertNoTrouble();
    }

    [Fact]
    public async Task Team_OfSomebodyElse_LooksLikeOneThatDoesNotExist()
    {
        await using var app = await AppProcess.StartAsync();
        await using var ada = await browser.VisitAsync(app.Address);
        await SetUpAsync(ada.Page);
        await ada.GoAsync("/me/teams/new");
        await ada.Page.GetByLabel("Team name").FillAsync("Engines");
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Create team" }).ClickAsync();
        await ada.Page.WaitForURLAsync("**/t/engines");

        await using var grace = await browser.VisitAsync(app.Address);
        await RegisterAsync(grace.Page);
        await grace.Page.GotoAsync(await LinkInMailAsync(ada.Page, "/account/confirm"));
        await ConfirmAsync(grace.Page, Password);
        await grace.Page.WaitForURLAsync("**/me/teams/new");
        foreach (var page in new[] { "members", "settings", "activity" })
        {
            var foreign = await grace.GoAsync($"/t/engines/{page}");
            var absent = await grace.GoAsync($"/t/no-such-team/{page}");
            Assert.Equal(404, foreign!.Status);
            Assert.Equal(404, absent!.Status);
        }

        var mail = await grace.GoAsync("/operator/mail");
        Assert.Equal(404, mail!.Status);
    }

    private static async Task ConfirmAsync(IPage page, string password)
    {
        await page.Locator("#proof-password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Confirm and sign in" }).ClickAsync();
    }

    /// <summary>New terms stand before every page until they are accepted, and then lead to where somebody was going.</summary>
    private static async Task AcceptNewTermsAsync(AppProcess app, Visitor visitor)
    {
        app.Set("Anycast:Terms:Version", "2099-01-01");
        await visitor.Page.GotoAsync("about:blank");
        await app.RestartAsync();
        foreach (var path in new[] { "/me/profile", "/t/compilers/members?page=1" })
        {
            await visitor.GoAsync(path);
            await visitor.Page.WaitForURLAsync("**/account/terms?return=*");
        }

        await Assertions.Expect(visitor.Page.Locator(".lead")).ToContainTextAsync("2099-01-01");
        await visitor.ShotAsync("accept-terms");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Accept and go on" }).ClickAsync();
        await Assertions.Expect(visitor.Page.GetByText("Accept the terms of use to go on.")).ToBeVisibleAsync();
        await visitor.Page.GetByRole(AriaRole.Checkbox).CheckAsync();
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Accept and go on" }).ClickAsync();
        await visitor.Page.WaitForURLAsync("**/t/compilers/members?page=1");
        await visitor.GoAsync("/me/profile");
        await Assertions.Expect(visitor.Page.GetByText("Version 2099-01-01 accepted")).ToBeVisibleAsync();
    }

    private static async Task SetUpAsync(IPage page)
    {
        await page.GotoAsync("/");
        await page.WaitForURLAsync("**/setup");
        await page.GetByLabel("Name").FillAsync("Ada Lovelace");
        await page.GetByLabel("E-mail address").FillAsync(Operator);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create operator account" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/setup"));
    }

    private static async Task RegisterAsync(IPage page)
    {
        await page.GotoAsync("/account/register");
        await page.GetByLabel("Name").FillAsync("Grace Hopper");
        await page.GetByLabel("E-mail address").FillAsync(Person);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync("short");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create account" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Use at least 12 characters.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Accept the terms of use to go on.")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Checkbox)).Not.ToBeCheckedAsync();
        await page.GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Create account" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Look into your mailbox" })).ToBeVisibleAsync();
    }

    private static async Task SignInAsync(IPage page, string password)
    {
        await page.GotoAsync("/account/login");
        await page.GetByLabel("E-mail address").FillAsync(Person);
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    private static async Task ResetAsync(IPage page, IPage operators)
    {
        await page.GotoAsync("/account/forgot");
        await page.GetByLabel("E-mail address").FillAsync(Person);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send link" }).ClickAsync();
        await Assertions.Expect(page.GetByText("a mail with a link is on its way")).ToBeVisibleAsync();
        await page.GotoAsync(await LinkInMailAsync(operators, "/account/reset"));
        await page.GetByLabel("New password").FillAsync(NewPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set password" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("all sessions have ended");
    }

    /// <summary>Waits, as the operator, for a mail with such a link, and reads the link.</summary>
    private static async Task<string> LinkInMailAsync(IPage operators, string path)
    {
        string? link = null;
        await Eventually.TrueAsync(
            async () =>
            {
                await operators.GotoAsync("/operator/mail");
                var count = await operators.Locator(".mail-item").CountAsync();
                for (var i = 0; i < count && link is null; i++)
                {
                    await operators.GotoAsync((await operators.Locator(".mail-item").Nth(i).GetAttributeAsync("href"))!);
                    var text = await operators.Locator(".mail-text").TextContentAsync() ?? "";
                    link = Regex.Match(text, $@"https?://\S+{Regex.Escape(path)}\?token=\S+") is { Success: true } found ? found.Value : null;
                }

                return link is not null;
            },
            $"a mail with a link to {path}");
        return link!;
    }
}
