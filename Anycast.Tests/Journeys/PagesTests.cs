using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>
/// Every page with data in it, in both languages and schemes, wide and on a phone: it answers, breaks no policy, asks no stranger for
/// anything, axe finds nothing serious, nobody scrolls sideways. Pictures are kept.
/// </summary>
[Collection(JourneyCollection.Name)]
public sealed class PagesTests(BrowserFixture browser, DemoProduct product)
{
    public static TheoryData<string, string> Public => new()
    {
        { "home", "/" },
        { "login", "/account/login" },
        { "register", "/account/register" },
        { "forgot", "/account/forgot" },
        { "not-found", "/no/such/page" },
    };

    private static readonly (string Name, string Path)[] s_signedIn =
    [
        ("team", "/t/demo"),
        ("cluster", "/t/demo/c/sandbox"),
        ("workloads", "/t/demo/c/sandbox/workloads"),
        ("pods", "/t/demo/c/sandbox/pods"),
        ("nodes", "/t/demo/c/sandbox/nodes"),
        ("network", "/t/demo/c/sandbox/network"),
        ("storage", "/t/demo/c/sandbox/storage"),
        ("jobs", "/t/demo/c/sandbox/jobs"),
        ("events", "/t/demo/c/sandbox/events"),
        ("agent", "/t/demo/c/sandbox/agent"),
        ("left-the-cluster", "/t/demo/c/sandbox/left-the-cluster"),
        ("deployment", "/t/demo/c/sandbox/o/apps/Deployment/shop/checkout"),
        ("connect", "/t/demo/clusters/connect"),
        ("chat", "/t/demo/chat"),
        ("proposals", "/t/demo/proposals"),
        ("activity", "/t/demo/activity"),
        ("members", "/t/demo/members"),
        ("settings", "/t/demo/settings"),
        ("profile", "/me/profile"),
        ("security", "/me/security"),
        ("sessions", "/me/sessions"),
        ("tokens", "/me/tokens"),
        ("notifications", "/me/notifications"),
        ("privacy", "/me/privacy"),
        ("operator", "/operator"),
        ("operator-beta", "/operator/beta"),
        ("operator-health", "/operator/health"),
        ("operator-mail", "/operator/mail"),
    ];

    private static readonly View[] s_views =
    [
        new("en", ColorScheme.Light, 1440),
        new("de", ColorScheme.Dark, 1440),
        new("de", ColorScheme.Light, 390, 844),
        new("en", ColorScheme.Dark, 390, 844),
    ];

    public static TheoryData<int> Views => [.. Enumerable.Range(0, s_views.Length)];

    [Theory]
    [MemberData(nameof(Public))]
    [PolicyClause("C03")]
    public async Task PublicPages_InEveryView_AreSound(string name, string path)
    {
        var app = await product.StartAsync();
        foreach (var view in s_views)
        {
            await using var visitor = await browser.VisitAsync(app.Address, view);
            await visitor.GoAsync(path);
            Assert.Equal(view.Language, await visitor.Page.Locator("html").GetAttributeAsync("lang"));
            await visitor.AssertAccessibleAsync();
            await visitor.AssertFitsAsync();
            await visitor.ShotAsync("public-" + name);
            visitor.AssertNoTrouble();
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    [PolicyClause("C03")]
    public async Task Pages_OfAMember_AreSound(int view)
    {
        var app = await product.StartAsync();
        await using var visitor = await browser.VisitAsync(app.Address, s_views[view]);
        await visitor.SignInAsync();
        await visitor.GoAsync("/t/demo/c/sandbox");
        await visitor.Page.Locator("[data-tile=pods] .tile-count").WaitForAsync();
        await Assertions.Expect(visitor.Page.Locator("[data-tile=pods] .tile-count")).Not.ToHaveTextAsync("0", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });

        var wrong = new List<string>();
        foreach (var (name, path) in s_signedIn)
        {
            var answer = await visitor.GoAsync(path);
            if (answer!.Status != 200)
            {
                wrong.Add($"{path} answered {answer.Status}.");
                continue;
            }

            await visitor.Page.Locator("main h1").First.WaitForAsync();
            await visitor.Page.Locator("main .skeleton").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Detached });
            await visitor.LiveAsync();
            if (name == "network")
            {
                await Assertions.Expect(visitor.Page.Locator("tr[data-key='Service/shop/search'] .chip.bad")).ToHaveTextAsync(s_views[view].Language == "de" ? "Keine Endpunkte" : "No endpoints", new() { Timeout = 30_000 });
                await Assertions.Expect(visitor.Page.Locator("tr[data-key='Ingress/payments/payments-public'] .chip.bad")).ToBeVisibleAsync();
                await Assertions.Expect(visitor.Page.Locator("tr[data-key='Service/shop/catalog'] .chip.ok")).ToBeVisibleAsync();
            }

            await visitor.ShotAsync("page-" + name);
            wrong.AddRange(await Failures(visitor.AssertAccessibleAsync, visitor.AssertFitsAsync));
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
        visitor.AssertNoTrouble();
    }

    private static async Task<List<string>> Failures(params Func<Task>[] checks)
    {
        var failures = new List<string>();
        foreach (var check in checks)
        {
            try
            {
                await check();
            }
            catch (Xunit.Sdk.TrueException e)
            {
                failures.Add(e.Message);
            }
        }

        return failures;
    }
}
