using System.Text;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>A cluster connected by its own agent process: what crosses the tunnel, and what the page says when the agent dies.</summary>
[Collection(JourneyCollection.Name)]
public sealed class ConnectedClusterTests(BrowserFixture browser)
{
    [Theory, EveryDatabase]
    [PolicyClause("S07")]
    public async Task EveryPageAndTool_OfAConnectedCluster_LetsNoWorkloadDataOut(TestProvider provider)
    {
        // On PostgreSQL the jobs' tables lie in the database too.
        await using var database = provider == TestProvider.Postgres ? await TestDatabase.CreateAsync(provider) : null;
        await using var product = await ConnectedProduct.StartAsync(browser, database?.Settings().Where(s => s.Key != "Anycast:Data:Directory").ToDictionary());
        var visitor = product.Visitor;
        var sink = new BrowserSink(visitor.Page);
        await LookAtEverythingAsync(product);
        var exports = await ExportsAsync(product);

        var canaries = product.Cluster.Canaries;
        Assert.True(canaries.Count > 20, $"Only {canaries.Count} canaries were planted.");
        var search = new SecretSearch(canaries.Where(c => c.Length >= 8));
        var names = new SecretSearch("checkout");
        var tunnel = product.Tap.FromAgent();
        Assert.True(tunnel.Length > 20_000, $"Only {tunnel.Length} bytes crossed the tunnel.");
        var bodies = product.Tap.BodiesFromAgent().SelectMany(b => b).ToArray();

        // The positive control: the same search finds them in what the Kubernetes API gives a person with all rights, and names are found in every sink.
        var raw = await product.RawAsync("/api/v1/pods") + await product.RawAsync("/api/v1/secrets") + await product.RawAsync("/api/v1/configmaps");
        Assert.True(search.Find(raw).Count > 10, "The search does not find canaries where they are.");
        visitor.AssertNoTrouble();
        var sinks = new List<(string Name, byte[] Bytes)>
        {
            ("tunnel", tunnel),
            ("answers through the tunnel", bodies),
            ("frames of the circuits", sink.Frames()),
            ("pages", await sink.BodiesAsync()),
            ("exports", Encoding.UTF8.GetBytes(exports)),
        };
        await product.App.KillAsync(); // so that the write-ahead log is looked at as it lies on the disk
        if (database is null)
        {
            sinks.Add(("database", await DatabaseBytes.FilesAsync(product.App.Data)));
        }
        else
        {
            var dump = await DatabaseBytes.AllAsync(database);
            Assert.All(new[] { "hangfire.job", "AccountMaintenanceJob" }, t => Assert.True(new SecretSearch(t).IsIn(dump), $"The dump does not hold {t}."));
            sinks.Add(("database and job tables", dump));
        }

        Assert.All(sinks, s => Assert.True(names.IsIn(s.Bytes), $"{s.Name} holds nothing of the cluster: what is looked through is not what was meant"));
        Assert.All(sinks, s => Assert.True(search.Find(s.Bytes).Count == 0, $"{s.Name} holds {string.Join(", ", search.Find(s.Bytes))}"));

        // On PostgreSQL the service may write no file at all.
        var files = Directory.Exists(product.App.Data) ? Directory.GetFiles(product.App.Data, "*", SearchOption.AllDirectories) : [];
        Assert.True(database is not null || files.Length > 0, "There is no file to look through.");
        foreach (var file in files)
        {
            Assert.True(search.Find(await File.ReadAllBytesAsync(file)).Count == 0, $"{Path.GetFileName(file)} holds a canary");
        }

        Assert.Empty(search.Find(product.App.Log));
        Assert.Empty(search.Find(product.Agent.Log));

        // No credential of the cluster ever stood at the service, and none of the service's in the agent's log.
        var everything = string.Concat(files.Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f)))) + string.Concat(sinks.Where(s => s.Name.StartsWith("database", StringComparison.Ordinal)).Select(s => Encoding.Latin1.GetString(s.Bytes))) + product.App.Log + Encoding.Latin1.GetString(tunnel);
        Assert.DoesNotContain(product.Cluster.AgentToken, everything, StringComparison.Ordinal);
        Assert.DoesNotContain(product.Cluster.AdminToken, everything, StringComparison.Ordinal);

        // The agent never even asked for what must stay, and everything it asked for it asked for under its own name.
        var asked = product.Cluster.Requests.ByAgent();
        Assert.NotEmpty(asked);
        Assert.DoesNotContain(asked, r => r.Resource.StartsWith("secrets", StringComparison.Ordinal) || r.Resource is "pods/log" or "pods/exec" or "pods/attach" or "pods/portforward" or "nodes/proxy" or "services/proxy");
        Assert.Empty(product.Cluster.ControllerErrors);
    }

    [Fact]
    [Trait("Category", "Long")]
    [PolicyClause("S07")]
    public async Task MemoryOfTheService_AsACrashWritesItDown_HoldsNoWorkloadData()
    {
        await using var product = await ConnectedProduct.StartAsync(browser);
        await LookAtEverythingAsync(product);
        using var directory = new TempDirectory();
        var dump = await CrashDump.TakeAsync(product.App.ProcessId, directory);
        Assert.SkipWhen(dump is null, "No dump of a process can be taken here.");

        var canaries = product.Cluster.Canaries.Where(c => c.Length >= 8).ToList();
        Assert.NotEmpty(new SecretSearch("checkout").Find(dump!, unpack: false));
        var found = new SecretSearch(canaries).Find(dump!, unpack: false);
        FaultFigures.Record(
            "Dump of the service's memory after every page and tool was used",
            ("canaries looked for", canaries.Count, "", null),
            ("size of the dump", dump!.Length / 1048576.0, "MiB", null),
            ("canaries found", found.Count, "", 0));
        Assert.Empty(found);
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
        await answer.Locator("[data-tool][data-status=Running]").First.WaitForAsync();
        await product.Agent.KillAsync();

        await Assertions.Expect(answer).ToHaveAttributeAsync("data-state", "Complete", new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });
        await Assertions.Expect(answer.Locator("[data-tool]").Filter(new() { HasText = "offline" }).First).ToBeVisibleAsync();
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

    private static async Task LookAtEverythingAsync(ConnectedProduct product)
    {
        var (visitor, page) = (product.Visitor, product.Visitor.Page);

        // Every page of the cluster.
        foreach (var segment in new[] { "", "/workloads", "/pods", "/nodes", "/network", "/storage", "/jobs", "/events", "/agent", "/left-the-cluster" })
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
    }

    /// <summary>Every file that a person can take home.</summary>
    private static async Task<string> ExportsAsync(ConnectedProduct product)
    {
        var text = new StringBuilder();
        foreach (var path in new[] { product.ClusterPath + "/left-the-cluster/csv", product.ClusterPath + "/left-the-cluster/json", product.TeamPath + "/activity/csv" })
        {
            var answer = await product.Visitor.Context.APIRequest.GetAsync(new Uri(product.App.Address, path).ToString());
            Assert.True(answer.Ok, $"{path}: {answer.Status}");
            text.Append(await answer.TextAsync());
        }

        return text.ToString();
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
}
