using System.Net;
using System.Text.Json;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>What the pages of the way in say when something is not as hoped: what happened, and a step that can be taken.</summary>
public sealed class AccountWordsTests
{
    [Fact]
    [PolicyClause("K06")]
    public async Task Code_ThatIsWrong_SaysWhenItEndsAndLeadsToAnother_WhetherThereIsAnAccountOrNot()
    {
        await using var app = new InProcessApp();
        await app.PersonAsync("ada@example.org", "Ada");
        var pages = new List<string>();
        foreach (var address in new[] { "ada@example.org", "nobody@example.org" })
        {
            using var browser = new FormClient(app);
            await browser.SendAsync(AppUrls.Pin, "pin-send", ("Input.Email", address));
            for (var i = 0; i < 6; i++)
            {
                var page = await browser.SendAsync(AppUrls.Pin, "pin", ("Code.Code", "no"));
                var alert = System.Text.RegularExpressions.Regex.Match(page, "role=\"alert\".*?</div>", System.Text.RegularExpressions.RegexOptions.Singleline).Value;
                Assert.Contains("after five wrong tries", alert, StringComparison.Ordinal);
                Assert.DoesNotContain("Wait for the next one", alert, StringComparison.Ordinal);
                pages.Add(alert);
                Assert.Contains("Input.Email", await browser.GetAsync(FormClient.LinkIn(page, "Send another code")), StringComparison.Ordinal);
            }
        }

        Assert.Single(pages.Distinct()); // No word tells the sixth try from the first, or an account from none.
    }

    [Fact]
    public async Task SecondStep_OfAnAccountWithAPasskeyAlone_AsksForItOrARecoveryCode()
    {
        await using var app = new InProcessApp();
        var ada = await app.PersonAsync("ada@example.org", "Ada");
        Assert.True((await app.Services.GetRequiredService<PasskeyService>().AddAsync(ada, Key(), "Laptop", People.Link, default)).IsOk);

        using var browser = new FormClient(app);
        var step = await browser.SendAsync(AppUrls.LoginPath, "login", ("Input.Email", "ada@example.org"), ("Input.Password", CoreHost.Password));
        Assert.StartsWith(AppUrls.SecondFactor, browser.At, StringComparison.Ordinal);
        Assert.DoesNotContain("authenticator app", step, StringComparison.Ordinal);
        Assert.Contains("Recovery code", step, StringComparison.Ordinal);
        var wrong = WebUtility.HtmlDecode(await browser.SendAsync(AppUrls.SecondFactor, "second-factor", ("Input.Code", "123456")));
        Assert.Contains("This recovery code is not right", wrong, StringComparison.Ordinal);

        // What sign-in asks for is what the page says is on.
        var security = (await app.OpenAsync(ada, AppUrls.Security)).Html;
        var card = security[security.IndexOf("id=\"factor-title\"", StringComparison.Ordinal)..];
        card = card[..card.IndexOf("</section>", StringComparison.Ordinal)];
        Assert.Contains("chip ok", card, StringComparison.Ordinal);
        Assert.Contains("Add an app", card, StringComparison.Ordinal);
        Assert.DoesNotContain("Turn off", card, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UndoLink_ThatIsUsedUp_AsksNobodyToAskForAnother()
    {
        await using var app = new InProcessApp(new Dictionary<string, string?> { ["Anycast:Setup:OperatorEmail"] = "op@example.org", ["Anycast:Setup:OperatorPassword"] = CoreHost.Password });
        using var browser = new FormClient(app);
        foreach (var page in new[] { await browser.GetAsync(AppUrls.UndoAddress), await browser.SendAsync(AppUrls.UndoAddress + "?token=used", "address") })
        {
            Assert.Contains("used up or too old", page, StringComparison.Ordinal);
            Assert.DoesNotContain("Ask for a new one", page, StringComparison.Ordinal);
        }

        Assert.Contains("Ask for a new one", await browser.GetAsync(AppUrls.ConfirmAddress), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Choices_OfTheAccountsSecurity_AreFixedHereAndByMail()
    {
        await using var app = new InProcessApp();
        var html = (await app.OpenAsync(await app.PersonAsync("ada@example.org", "Ada"), AppUrls.Notifications)).Html;
        var boxes = System.Text.RegularExpressions.Regex.Matches(html, "<input type=\"checkbox\"[^>]*aria-label=\"Security of the account[^>]*>").Select(m => m.Value).ToList();
        Assert.Equal(2, boxes.Count);
        Assert.All(boxes, b => Assert.Contains(" disabled", b, StringComparison.Ordinal));
    }

    private static UserPasskeyInfo Key() => new(Guid.NewGuid().ToByteArray(), [1, 2, 3], DateTimeOffset.UnixEpoch, 0, ["internal"], true, true, false, [4], JsonSerializer.SerializeToUtf8Bytes(new { }));
}
