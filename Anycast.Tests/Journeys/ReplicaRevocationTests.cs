using System.Diagnostics;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>Two processes on one PostgreSQL: what one ends, ends on the other (T11).</summary>
[Collection(JourneyCollection.Name)]
public sealed class ReplicaRevocationTests(BrowserFixture browser)
{
    [Fact]
    public async Task Sessions_EndedOnOneReplica_EndTheCircuitsOfTheOtherWithinFiveSeconds()
    {
        Assert.SkipUnless(TestDatabase.PostgresServer is not null, "Replicas share a PostgreSQL.");
        await using var database = await TestDatabase.CreateAsync(TestProvider.Postgres);
        var settings = new Dictionary<string, string?>(DemoProduct.Settings) { ["Anycast:Demo:Enabled"] = "false" };
        foreach (var (key, value) in database.Settings().Where(s => s.Key != "Anycast:Data:Directory"))
        {
            settings[key] = value;
        }

        await using var first = await AppProcess.StartAsync(settings);
        await using var second = await AppProcess.StartAsync(settings);
        await using var here = await browser.VisitAsync(first.Address);
        await here.SignInAsync();
        await here.GoAsync("/me/profile");
        await here.LiveAsync();

        await using var there = await browser.VisitAsync(second.Address);
        await there.SignInAsync();
        await there.GoAsync("/me/sessions");
        await there.LiveAsync();
        await there.Page.Locator("tbody button").First.ClickAsync();
        var began = Stopwatch.GetTimestamp();
        await Assertions.Expect(there.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(here.Page.GetByText("You are signed out")).ToBeVisibleAsync(new() { Timeout = 5_000 });
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(6));
        await here.GoAsync("/me/profile");
        await here.Page.WaitForURLAsync("**/account/login*");
    }
}
