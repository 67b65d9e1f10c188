using System.Text;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>A cluster connected by its own agent process: what crosses the tunnel, and what the page says when the agent dies.</summary>
[Collection(JourneyCollection.Name)]
public sealed class ConnectedClusterTests(BrowserFixture browser)
{
    [Fact]
    [PolicyClause("S07")]
    public async Task EveryPageAndTool_OfAConnectedCluster_LetsNoWorkloadDataOut()
    {
        await using var product = await ConnectedProduct.StartAsync(browser);
        var (visitor, page) = (product.Visitor, product.Visitor.Page);

        // Every page of the cluster.
        foreach (var segment in new[] { "", "/workloads", "/pods", "/nodes", "/network", "/storage", "/jobs", "/events", "/agent" })
        {
            await visitor.GoAsync(product.ClusterPath + segment);
            await page.Locator("main h1").First.WaitForAsync();
        }

        // Objects with environment, arguments, annotations, termination messages, probe output; and those that are refused altogether.
        foreach (var path in await ObjectsAsync(product))
        {
            await visitor.GoAsync(path);
            await page.Locator("main h1, main [role=alert], main .empty").First.WaitForAsync();
        }

        // Every tool, by the questions that need it.
        foreach (var question in new[] { "Why is checkout failing?", "What is broken in this cluster?", "list pods in shop", "describe deployment checkout in shop", "show me the secrets of shop", "What is wrong with the nodes?" })
        {
            await visitor.AskAsync(product.TeamPath + "/chat?cluster=production", question);
        }

        var canaries = product.Cluster.Canaries;
        Assert.True(canaries.Count > 20, $"Only {canaries.Count} canaries were planted.");
        var tunnel = Encoding.Latin1.GetString(product.Tap.FromAgent());
        Assert.True(tunnel.Length > 20_000, $"Only {tunnel.Length} bytes crossed the tunnel.");
        Assert.Contains("checkout", tunnel, StringComparison.Ordinal); // the tap reads: names do pass
        Assert.Contains("shop", tunnel, StringComparison.Ordinal);

        // The positive control: the same search finds them in what the Kubernetes API gives a person with all rights.
        var raw = await product.RawAsync("/api/v1/pods") + await product.RawAsync("/api/v1/secrets") + await product.RawAsync("/api/v1/configmaps");
        Assert.True(Found(canaries, raw).Count > 10, "The search does not find canaries where they are.");

        Assert.Empty(Found(canaries, tunnel));
        visitor.AssertNoTrouble();
        await product.App.KillAsync(); // so that the write-ahead log is looked at as it lies on the disk
        foreach (var file in Directory.GetFiles(product.App.Data, "*", SearchOption.AllDirectories))
        {
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            Assert.True(Found(canaries, text).Count == 0, $"{Path.GetFileName(file)} holds {string.Join(", ", Found(canaries, text))}");
        }

        Assert.Contains("checkout", string.Concat(Directory.GetFiles(product.App.Data, "anycast.db*").Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f)))), StringComparison.Ordinal);
        Assert.Empty(Found(canaries, product.App.Log));
        Assert.Empty(Found(canaries, product.Agent.Log));

        // No credential of the cluster ever stood at the service, and none of the service's in the agent's log.
        var everything = string.Concat(Directory.GetFiles(product.App.Data, "*", SearchOption.AllDirectories).Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f)))) + product.App.Log + tunnel;
        Assert.DoesNotContain(product.Cluster.AgentToken, everything, StringComparison.Ordinal);
        Assert.DoesNotContain(product.Cluster.AdminToken, everything, StringComparison.Ordinal);

        // The agent never even asked for what must stay, and everything it asked for it asked for under its own name.
        var asked = product.Cluster.Requests.ByAgent();
        Assert.NotEmpty(asked);
        Assert.DoesNotContain(asked, r => r.Resource.StartsWith("secrets", StringComparison.Ordinal) || r.Resource is "pods/log" or "pods/exec" or "pods/attach" or "pods/portforward" or "nodes/proxy" or "services/proxy");
        Assert.Empty(product.Cluster.ControllerErrors);
    }

    [Fact]
    public async Task Agent_WhenItsProcessIsKilled_IsOfflineOnThePageAndComesBack()
    {
        await using var product = await ConnectedProduct.StartAsync(browser);
        var (visitor, page) = (product.Visitor, product.Visitor.Page);
        await visitor.GoAsync(product.ClusterPath);
        await visitor.LiveAsync();
        await Assertions.Expect(page.Locator("[data-tile=pods] .tile-count")).Not.ToHaveTextAsync("0", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });

        await product.Agent.KillAsync();
        await Assertions.Expect(page.Locator("[data-connection=offline]").First).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 20_000 });
        await visitor.ShotAsync("journey-offline");
        await visitor.AssertAccessibleAsync();

        // A question says so honestly, and the answer ends.
        await visitor.AskAsync(product.TeamPath + "/chat?cluster=production", "Why is checkout failing?");
        await visitor.ShotAsync("journey-offline-answer");
        visitor.AssertNoTrouble();
    }

    [Fact]
    public async Task Agent_KilledMidAnswer_IsSaidOnTheCardAndTheAnswerGoesOn()
    {
        await using var product = await ConnectedProduct.StartAsync(browser);
        var (visitor, page) = (product.Visitor, product.Visitor.Page);
        await visitor.GoAsync(product.ClusterPath);
        await Assertions.Expect(page.Locator("[data-tile=pods] .tile-count")).Not.ToHaveTextAsync("0", new LocatorAssertionsToHaveTextOptions { Timeout = 30_000 });

        // The cluster falls silent to what the assistant reads, so that its tool is surely under way when the agent dies.
        using var silence = product.Cluster.Faults.Stall(r => r.Verb != "watch");
        await visitor.GoAsync(product.TeamPath + "/chat?cluster=production");
        await visitor.SendAsync("Why is checkout failing?");
        var answer = page.Locator("[data-role=Assistant]").Last;
        await answer.Locator("[data-tool]").First.WaitForAsync();
        await product.Agent.KillAsync();

        await Assertions.Expect(answer).ToHaveAttributeAsync("data-state", "Complete", new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });
        await Assertions.Expect(answer.Locator("[data-tool]").First).ToContainTextAsync("offline");
        Assert.Contains("cannot be reached", await answer.InnerTextAsync(), StringComparison.Ordinal);
        await visitor.ShotAsync("journey-killed-mid-answer");
        visitor.AssertNoTrouble();
    }

    [Fact]
    public async Task Agent_WithAUsedOrInventedToken_EndsAndSaysWhy()
    {
        await using var product = await ConnectedProduct.StartAsync(browser);
        await using var invented = AgentProcess.Start(product.Tap.Address, "anycast_enrol_invented", product.Cluster.Kubeconfig(agent: true));
        Assert.NotEqual(0, await invented.EndAsync(TimeSpan.FromSeconds(40)));
        Assert.Contains("token", invented.Log, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Pages of objects that hold canaries: found by asking the store of the cluster.</summary>
    private static Task<List<string>> ObjectsAsync(ConnectedProduct product)
    {
        var paths = new List<string>
        {
            $"{product.ClusterPath}/o/apps/Deployment/shop/checkout",
            $"{product.ClusterPath}/o/core/Service/shop/checkout",
            $"{product.ClusterPath}/o/core/Secret/shop/checkout",
            $"{product.ClusterPath}/o/core/ConfigMap/shop/checkout",
        };
        return Task.FromResult(paths);
    }

    private static List<string> Found(IEnumerable<string> canaries, string text) => [.. canaries.Where(c => c.Length >= 8 && text.Contains(c, StringComparison.Ordinal))];
}
