using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>Somebody registers and the mail really travels: outbox, SMTP, mailbox, link, sign-in.</summary>
[Collection(JourneyCollection.Name)]
public sealed class SmtpJourneyTests(BrowserFixture browser)
{
    [Fact]
    [PolicyClause("D04", "T05")]
    public async Task Registration_WithAMailServer_IsConfirmedByTheMailThatArrived()
    {
        await using var mailbox = new SmtpCatcher();
        var settings = new Dictionary<string, string?>(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" };
        foreach (var (key, value) in mailbox.Settings())
        {
            settings[key] = value;
        }

        await using var app = await AppProcess.StartAsync(settings);
        await using var visitor = await browser.VisitAsync(app.Address, new View("de"));
        var page = visitor.Page;
        await visitor.GoAsync("/account/register");
        await page.Locator("#input-name").FillAsync("Rosa Leserin");
        await page.Locator("#input-email").FillAsync("rosa@example.org");
        await page.Locator("#input-password").FillAsync(CoreHost.Password);
        await page.Locator("#input-accepted").CheckAsync();
        await page.Locator("main form button[type=submit]").ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("rosa@example.org");

        await Eventually.TrueAsync(() => !mailbox.Mails.IsEmpty, "the mail arrives");
        Assert.True(mailbox.Mails.TryDequeue(out var mail));
        Assert.Equal(["rosa@example.org"], mail.Recipients);
        Assert.Equal("anycast@example.org", mail.Message.From.Mailboxes.Single().Address);
        var text = mail.Message.TextBody!;
        Assert.Contains("Rosa Leserin", text, StringComparison.Ordinal);
        Assert.Contains("Adresse", mail.Message.Subject, StringComparison.Ordinal); // in the language of the page
        var link = Regex.Match(text, @"https?://\S+token=\S+").Value;
        Assert.Contains(System.Net.WebUtility.HtmlEncode(link), mail.Message.HtmlBody!, StringComparison.Ordinal);

        await page.GotoAsync(link);
        await page.Locator("#proof-password").FillAsync(CoreHost.Password);
        await page.Locator("main form button[type=submit]").ClickAsync();
        await page.WaitForURLAsync("**/me/teams/new"); // Mailbox and password are proven: that is a sign-in.
        visitor.AssertNoTrouble();
    }
}
