using Anycast.Tests.Harness;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>What people do on many journeys, by what they see: labels, buttons, headings.</summary>
internal static class Steps
{
    /// <summary>Signs in by the form.</summary>
    public static async Task SignInAsync(this Visitor visitor, string email = DemoProduct.OperatorEmail, string password = CoreHost.Password)
    {
        await visitor.GoAsync("/account/login");
        await visitor.Page.Locator("#input-email").FillAsync(email);
        await visitor.Page.Locator("#input-password").FillAsync(password);
        await visitor.Page.Locator("main form button[type=submit]").ClickAsync();
        await visitor.Page.WaitForURLAsync(url => !url.Contains("/account/login", StringComparison.Ordinal));
    }

    /// <summary>Waits until the page's circuit answers.</summary>
    public static Task LiveAsync(this Visitor visitor) => visitor.Page.Locator("html[data-live]").WaitForAsync(new LocatorWaitForOptions { Timeout = 30_000 });

    /// <summary>Asks the assistant on a chat page and waits until the answer is complete. Returns its text.</summary>
    public static async Task<string> AskAsync(this Visitor visitor, string chatPath, string question)
    {
        await visitor.GoAsync(chatPath);
        await visitor.SendAsync(question);
        var answer = visitor.Page.Locator("[data-role=Assistant]").Last;
        await Assertions.Expect(answer).Not.ToHaveAttributeAsync("data-state", "Running", new LocatorAssertionsToHaveAttributeOptions { Timeout = 60_000 });
        return await answer.InnerTextAsync();
    }

    /// <summary>Types a question and sends it; returns once the answer has begun.</summary>
    public static async Task SendAsync(this Visitor visitor, string question)
    {
        await visitor.LiveAsync();
        await visitor.Page.Locator("#question").FillAsync(question);
        await visitor.Page.Locator("[data-send]").ClickAsync();
        await visitor.Page.Locator("[data-role=Assistant]").First.WaitForAsync();
    }

    /// <summary>Asks axe (WCAG 2.1 A and AA) and fails on anything serious or critical.</summary>
    public static async Task AssertAccessibleAsync(this Visitor visitor)
    {
        var result = await visitor.Page.RunAxe(new AxeRunOptions { RunOnly = RunOnlyOptions.Tags("wcag2a", "wcag2aa", "wcag21a", "wcag21aa") });
        var found = result.Violations.Where(v => v.Impact is "serious" or "critical")
            .Select(v => $"{v.Id} ({v.Impact}): {v.Help}\n" + string.Join('\n', v.Nodes.Take(4).Select(n => "    " + n.Html + "  " + (n.Any.FirstOrDefault()?.Message ?? ""))));
        var text = string.Join('\n', found);
        Assert.True(text.Length == 0, $"{visitor.Page.Url} ({visitor.View})\n{text}");
    }

    /// <summary>Fails when the page is wider than the window: nobody scrolls sideways.</summary>
    public static async Task AssertFitsAsync(this Visitor visitor)
    {
        var excess = await visitor.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(excess <= 0, $"{visitor.Page.Url} ({visitor.View}) is {excess} px wider than the window.");
    }
}
