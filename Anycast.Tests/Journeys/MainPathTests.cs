using System.Text.RegularExpressions;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>The main path on the demo: a broken shop, a question, an answer that grows, a proposal, an approval, a mended shop.</summary>
[Collection(JourneyCollection.Name)]
public sealed class MainPathTests(BrowserFixture browser)
{
    private const string Cluster = "/t/demo/c/sandbox";
    private const string Checkout = Cluster + "/o/apps/Deployment/shop/checkout";

    [Fact]
    [PolicyClause("U01")]
    public async Task MainPath_FromTheBrokenShopToTheMendedOne_Works()
    {
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Speed"] = "8";
        await using var app = await AppProcess.StartAsync(settings);
        await using var visitor = await browser.VisitAsync(app.Address);
        var page = visitor.Page;

        // Signing in leads to the demo team, whose cluster is connected and live.
        await visitor.SignInAsync();
        await page.WaitForURLAsync("**/t/demo");
        await Assertions.Expect(page.Locator("[data-cluster=sandbox] [data-connection=connected]")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 40_000 });
        await visitor.ShotAsync("main-1-team");
        await page.Locator("[data-cluster=sandbox] a.cover").ClickAsync();
        await page.WaitForURLAsync("**" + Cluster);
        var trouble = page.Locator("[data-key*=checkout]").First;
        await Assertions.Expect(trouble).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 40_000 });
        await visitor.ShotAsync("main-2-cluster");

        // The chat opens beside the page, by one button, and closes by a key.
        await visitor.LiveAsync();
        await page.Locator("[data-ask]").ClickAsync();
        var panel = page.Locator("[data-assistant-panel]");
        await Assertions.Expect(panel.Locator("[data-suggestion]:not([disabled])").First).ToBeVisibleAsync();
        await visitor.ShotAsync("main-2-panel");
        await visitor.AssertAccessibleAsync();
        await panel.Locator("textarea").PressAsync("Escape");
        await Assertions.Expect(panel).ToHaveCountAsync(0);

        // This page stays open beside the chat, in a tab of its own, to be seen changing.
        var overview = page;
        var chat = await visitor.NewTabAsync();
        await chat.GotoAsync("/t/demo/chat?cluster=sandbox");
        await chat.Locator("[data-suggestion]:not([disabled])").First.WaitForAsync();
        await chat.Locator("#question").FillAsync("Why is checkout failing?");
        await chat.Locator("#question").PressAsync("Enter");
        await chat.WaitForURLAsync(new Regex("/t/demo/chat/[0-9a-f-]{36}"));
        var address = chat.Url;

        // The tab is closed mid-answer; another one opens on the same answer, which went on without it.
        await chat.CloseAsync();
        var second = await visitor.NewTabAsync();
        await second.GotoAsync(address);
        var answer = second.Locator("[data-role=Assistant]").Last;
        await Assertions.Expect(answer).ToHaveAttributeAsync("data-state", "Complete", new LocatorAssertionsToHaveAttributeOptions { Timeout = 60_000 });
        await Assertions.Expect(answer.Locator("[data-tool]").First).ToBeVisibleAsync();
        var text = await answer.InnerTextAsync();
        Assert.Contains("checkout", text, StringComparison.OrdinalIgnoreCase);
        await second.ScreenshotAsync(new PageScreenshotOptions { Path = RepositoryRoot.Artifacts("screenshots", $"main-3-answer-{visitor.View}.png") });

        // A tool's card shows what was read.
        await answer.Locator("[data-tool] .tool-head").First.ClickAsync();
        await Assertions.Expect(answer.Locator(".tool-body").First).ToBeVisibleAsync();

        // The proposal is approved; it is applied through the tunnel.
        var proposal = second.Locator("[data-proposal]").Last;
        await Assertions.Expect(proposal).ToHaveAttributeAsync("data-state", "Proposed");
        await second.ScreenshotAsync(new PageScreenshotOptions { Path = RepositoryRoot.Artifacts("screenshots", $"main-4-proposal-{visitor.View}.png"), FullPage = true });
        await proposal.Locator("[data-approve]").ClickAsync();
        await Assertions.Expect(proposal).ToHaveAttributeAsync("data-state", "Executed", new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });

        // The open overview loses its trouble without a reload.
        await Assertions.Expect(overview.Locator("[data-key*='Deployment'][data-key*=checkout]")).ToHaveCountAsync(0, new LocatorAssertionsToHaveCountOptions { Timeout = 90_000 });
        await visitor.ShotAsync("main-5-mended");
        await Assertions.Expect(proposal.Locator(".notice.ok")).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 60_000 });

        await second.GotoAsync("/t/demo/activity");
        await Assertions.Expect(second.Locator("main")).ToContainTextAsync("checkout");
        await second.ScreenshotAsync(new PageScreenshotOptions { Path = RepositoryRoot.Artifacts("screenshots", $"main-6-activity-{visitor.View}.png") });
        visitor.AssertNoTrouble();
    }

    [Fact]
    public async Task Question_InGermanOnAPhone_IsAnsweredInGermanAndTheProposalCanBeRejected()
    {
        await using var app = await AppProcess.StartAsync(DemoProduct.Settings);
        await using var visitor = await browser.VisitAsync(app.Address, new View("de", ColorScheme.Dark, 390, 844));
        await visitor.SignInAsync();
        await visitor.GoAsync(Cluster);
        await visitor.Page.Locator("[data-key*=checkout]").First.WaitForAsync(new LocatorWaitForOptions { Timeout = 40_000 });
        var text = await visitor.AskAsync("/t/demo/chat?cluster=sandbox", "Warum läuft checkout nicht?");
        Assert.Matches("(?i)(ursache|weil|behebung|vorschlag)", text);
        await visitor.ShotAsync("main-german");
        await visitor.AssertFitsAsync();
        await visitor.AssertAccessibleAsync();

        var proposal = visitor.Page.Locator("[data-proposal]").Last;
        await proposal.Locator("[data-reject]").ClickAsync();
        await Assertions.Expect(proposal).ToHaveAttributeAsync("data-state", "Rejected");
        await visitor.GoAsync(Cluster + "/workloads?health=failing");
        await Assertions.Expect(visitor.Page.Locator("main")).ToContainTextAsync("checkout");
        await visitor.GoAsync(Checkout);
        await visitor.AssertFitsAsync();
        visitor.AssertNoTrouble();
    }

    [Fact]
    public async Task Server_KilledMidAnswer_KeepsThePartMarksItInterruptedAndGoesOn()
    {
        await using var app = await AppProcess.StartAsync(DemoProduct.Settings);
        await using var visitor = await browser.VisitAsync(app.Address);
        await visitor.SignInAsync();
        await visitor.GoAsync(Cluster);
        await visitor.Page.Locator("[data-key*=checkout]").First.WaitForAsync(new LocatorWaitForOptions { Timeout = 40_000 });
        await visitor.GoAsync("/t/demo/chat?cluster=sandbox");
        await visitor.SendAsync("Why is checkout failing?");
        await visitor.Page.WaitForURLAsync(new Regex("/t/demo/chat/[0-9a-f-]{36}"));
        var address = new Uri(visitor.Page.Url).AbsolutePath;
        await app.KillAsync();

        await app.RestartAsync();
        await visitor.GoAsync(address);
        var question = visitor.Page.Locator("[data-role=User]").Last;
        await Assertions.Expect(question).ToContainTextAsync("Why is checkout failing?");
        var answer = visitor.Page.Locator("[data-role=Assistant]").Last;
        await Assertions.Expect(answer).ToHaveAttributeAsync("data-state", new Regex("Interrupted|Complete"), new LocatorAssertionsToHaveAttributeOptions { Timeout = 60_000 });
        await visitor.ShotAsync("main-interrupted");
        var go = answer.Locator("[data-continue]");
        Assert.True(await go.IsVisibleAsync() || await answer.GetAttributeAsync("data-state") == "Complete");
        if (await go.IsVisibleAsync())
        {
            await visitor.LiveAsync();
            await Eventually.TrueAsync(async () => (await app.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "ready");
            await go.ClickAsync();
            await Assertions.Expect(visitor.Page.Locator("[data-role=Assistant]").Last).ToHaveAttributeAsync("data-state", new Regex("Complete|Failed"), new LocatorAssertionsToHaveAttributeOptions { Timeout = 60_000 });
        }
    }
}
