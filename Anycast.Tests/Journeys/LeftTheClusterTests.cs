using System.Text.Json.Nodes;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>What left the cluster: found, filtered, and taken home as a file.</summary>
[Collection(JourneyCollection.Name)]
public sealed class LeftTheClusterTests(BrowserFixture browser, DemoProduct product)
{
    private const string Path = "/t/demo/c/sandbox/left-the-cluster";

    [Fact]
    [PolicyClause("S07")]
    public async Task Exports_HoldWhatThePageShows()
    {
        var app = await product.StartAsync();
        await using var visitor = await browser.VisitAsync(app.Address, new View("en", ColorScheme.Light, 1440));
        Assert.Equal(0, await CountAsync(visitor, "csv")); // Nobody is signed in.

        await visitor.SignInAsync();
        await visitor.GoAsync("/t/demo/c/sandbox");
        await Assertions.Expect(visitor.Page.Locator("[data-tile=pods] .tile-count")).Not.ToHaveTextAsync("0", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });
        await visitor.GoAsync("/t/demo/c/sandbox/o/apps/Deployment/shop/checkout");
        await visitor.LiveAsync();
        await visitor.GoAsync($"{Path}?operation=get&q=checkout");
        await visitor.LiveAsync();
        var row = visitor.Page.Locator("tr[data-operation=Get]").First;
        await Assertions.Expect(row).ToContainTextAsync("shop/checkout");
        await Assertions.Expect(row).ToContainTextAsync("Olga Operator");

        var csv = await GetAsync(visitor, "csv?operation=get&q=checkout");
        Assert.Contains("\"Olga Operator\",\"User\",\"Get\",\"Deployment\",\"shop\",\"checkout\"", csv, StringComparison.Ordinal);
        Assert.DoesNotContain("\"Watch\"", csv, StringComparison.Ordinal);
        var json = JsonNode.Parse(await GetAsync(visitor, "json?operation=get&q=checkout"))!.AsArray();
        Assert.Equal(csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1, json.Count);
        Assert.True(json[0]!["bytes"]!.GetValue<long>() > 0 && json[0]!["withheld"]!.GetValue<int>() > 0);
        Assert.Contains("\"Watch\"", await GetAsync(visitor, "csv"), StringComparison.Ordinal);

        Assert.Equal(404, (await visitor.Context.APIRequest.GetAsync(new Uri(app.Address, "/t/demo/c/no-such-cluster/left-the-cluster/csv").ToString())).Status);
        visitor.AssertNoTrouble();
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Answer_OfTheAssistant_LinksToWhatLeftTheClusterForIt()
    {
        var app = await product.StartAsync();
        await using var visitor = await browser.VisitAsync(app.Address, new View("de", ColorScheme.Dark, 390, 844));
        await visitor.SignInAsync();
        await visitor.GoAsync("/t/demo/c/sandbox");
        await visitor.Page.Locator("[data-key*=checkout]").First.WaitForAsync(new LocatorWaitForOptions { Timeout = 40_000 });
        await visitor.AskAsync("/t/demo/chat?cluster=sandbox", "Warum läuft checkout nicht?");
        var link = visitor.Page.Locator("[data-role=Assistant] [data-left]").Last;
        await Assertions.Expect(link).ToHaveTextAsync("Was für diese Antwort den Cluster verließ");
        await link.ClickAsync();
        await visitor.Page.WaitForURLAsync(new System.Text.RegularExpressions.Regex(@"/left-the-cluster\?answer=[0-9a-f-]{36}$"));
        await visitor.LiveAsync();
        var rows = visitor.Page.Locator("tr[data-operation]");
        await Assertions.Expect(rows.First).ToBeVisibleAsync();
        await Assertions.Expect(visitor.Page.Locator("tr[data-operation=Watch]")).ToHaveCountAsync(0);
        await visitor.ShotAsync("left-for-an-answer");
        await visitor.AssertFitsAsync();
        await visitor.AssertAccessibleAsync();
        visitor.AssertNoTrouble();
    }

    private static async Task<string> GetAsync(Visitor visitor, string format)
    {
        var answer = await visitor.Context.APIRequest.GetAsync($"{Path}/{format}");
        Assert.Equal(200, answer.Status);
        Assert.StartsWith("attachment", answer.Headers["content-disposition"], StringComparison.Ordinal);
        return await answer.TextAsync();
    }

    /// <summary>Lines of an export, 0 when it is none.</summary>
    private static async Task<int> CountAsync(Visitor visitor, string format)
    {
        var answer = await visitor.Context.APIRequest.GetAsync($"{Path}/{format}");
        return answer.Headers.GetValueOrDefault("content-type", "").StartsWith("text/csv", StringComparison.Ordinal) ? (await answer.TextAsync()).Split('\n').Length : 0;
    }
}
