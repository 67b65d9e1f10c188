using System.Text.Json.Nodes;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Journeys;

/// <summary>The product with its demo, started again on the same data.</summary>
[Collection(JourneyCollection.Name)]
public sealed class DemoRestartTests
{
    [Fact]
    public async Task Restart_OfTheDemo_KeepsItsClusterAndItsAgent()
    {
        await using var app = await AppProcess.StartAsync(DemoProduct.Settings);
        await ConnectedAsync(1);
        var before = AgentId();
        var uid = await File.ReadAllTextAsync(Path.Combine(app.Data, "sandbox", "uid"), TestContext.Current.CancellationToken);

        await app.RestartAsync();
        await ConnectedAsync(2);

        Assert.Equal(before, AgentId());
        Assert.Equal(uid, await File.ReadAllTextAsync(Path.Combine(app.Data, "sandbox", "uid"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain("it is enrolled again", app.Log, StringComparison.Ordinal);

        Task ConnectedAsync(int times) => Eventually.TrueAsync(
            () => app.Log.Split("Connected to the service as").Length > times, $"connected {times} times", TimeSpan.FromSeconds(60));

        string AgentId() => JsonNode.Parse(File.ReadAllText(Path.Combine(app.Data, "sandbox", "agent", "enrolment.json")))!["AgentId"]!.GetValue<string>();
    }
}
