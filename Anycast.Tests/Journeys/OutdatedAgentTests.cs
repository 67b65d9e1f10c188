using Anycast.Core.Agents;
using Anycast.Tests.Agents;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>An agent that is older than the service works on, and its cluster's page says in words that there is a newer one.</summary>
[Collection(JourneyCollection.Name)]
public sealed class OutdatedAgentTests(BrowserFixture browser)
{
    [Fact]
    public async Task Page_OfAClusterWithAnOlderAgent_SaysThatThereIsANewerOne()
    {
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Enabled"] = "false";
        await using var app = await AppProcess.StartAsync(settings);
        await app.KillAsync();
        var enrolments = await EnrolledClusters.WriteAsync(app.Data, 2, DemoProduct.OperatorEmail);
        await app.RestartAsync();
        var ours = RedactionSpecification.Current.Version;
        await using var agents = await HandmadeAgents.StartAsync(
            app.Address,
            enrolments,
            i => i == 0 ? new AgentAbout("0.0.9", ours - 1, "uid-0", "v1.30.0") : new AgentAbout(AgentRelease.Current, ours, "uid-1", "v1.32.0"),
            EnrolledClusters.AnswerAsync);

        foreach (var view in new[] { new View("en", ColorScheme.Light, 1440), new View("de", ColorScheme.Dark, 390, 844) })
        {
            await using var visitor = await browser.VisitAsync(app.Address, view);
            await visitor.SignInAsync();
            await visitor.GoAsync("/t/fleet/c/c0/agent");
            await visitor.LiveAsync();
            var outdated = visitor.Page.Locator("[data-outdated]");
            await Assertions.Expect(outdated).ToHaveTextAsync(view.Language == "de" ? "Update verfügbar" : "Update available");
            await Assertions.Expect(visitor.Page.Locator("main")).ToContainTextAsync("0.0.9");
            await Assertions.Expect(visitor.Page.Locator("main")).ToContainTextAsync(AgentRelease.Current);
            await Assertions.Expect(visitor.Page.Locator("[data-connection=connected]").First).ToBeVisibleAsync();
            await visitor.ShotAsync("journey-outdated");
            await visitor.AssertAccessibleAsync();
            await visitor.AssertFitsAsync();

            await visitor.GoAsync("/t/fleet/c/c1/agent");
            await visitor.LiveAsync();
            await Assertions.Expect(visitor.Page.Locator("main")).ToContainTextAsync(AgentRelease.Current);
            await Assertions.Expect(outdated).ToHaveCountAsync(0);
            visitor.AssertNoTrouble();
        }
    }
}
