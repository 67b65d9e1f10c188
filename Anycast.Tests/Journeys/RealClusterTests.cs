using System.Text;
using System.Text.Json.Nodes;
using Anycast.Core.Agents.Install;
using Anycast.Tests.Assistant;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>
/// The main path on whatever cluster <c>KUBECONFIG</c> names (its user must be an administrator there): the published manifest, the agent
/// under its own service account, a proposal carried out, and nothing of what must stay. Leaves nothing behind.
/// </summary>
[Collection(JourneyCollection.Name)]
[Trait("Category", "Cluster")]
public sealed class RealClusterTests(BrowserFixture browser)
{
    private const string Agent = "anycast-system";
    private const string Shop = "anycast-check";
    private readonly string _canary = "canary" + Guid.NewGuid().ToString("N");

    [Fact]
    [PolicyClause("S07")]
    public async Task MainPath_OnARealCluster_Works()
    {
        await using var model = await ModelServer.StartAsync((context, request) =>
            ModelServer.EventsAsync(context, request == 1 ? ModelServer.OpenAiCalls(Calls()) : ModelServer.OpenAi(["Done."])));
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Enabled"] = "false";
        settings["Anycast:Assistant:Providers:0:Kind"] = "OpenAICompatible";
        settings["Anycast:Assistant:Providers:0:Endpoint"] = model.Address + "/v1";
        settings["Anycast:Assistant:Providers:0:ApiKey"] = "sk-test";
        settings["Anycast:Assistant:Providers:0:Models:0"] = "m";
        await using var app = await AppProcess.StartAsync(settings);
        await using var tap = new TunnelTap(app.Port);
        await using var visitor = await browser.VisitAsync(app.Address);
        try
        {
            await RealKubectl.RunAsync(Workload(), "apply", "-f", "-");
            await using var agent = await ConnectAsync(visitor, tap);
            await CheckAsync(visitor, model, tap, app);
            Assert.DoesNotContain(_canary, agent.Log, StringComparison.Ordinal);
        }
        finally
        {
            await RealKubectl.RunAsync("", "delete", "namespace", Shop, Agent, "--ignore-not-found", "--wait=false");
            await RealKubectl.RunAsync("", "delete", "clusterrole,clusterrolebinding", "-l", "app.kubernetes.io/part-of=anycast", "--ignore-not-found");
        }
    }

    private async Task CheckAsync(Visitor visitor, ModelServer model, TunnelTap tap, AppProcess app)
    {
        var page = visitor.Page;

        // What runs is there, and follows the cluster without a reload.
        await visitor.GoAsync("/t/platform/c/production/workloads?ns=" + Shop);
        var row = page.Locator($"[data-key='Deployment/{Shop}/checkout']");
        await Assertions.Expect(row).ToContainTextAsync("/1", new LocatorAssertionsToContainTextOptions { Timeout = 40_000 });
        await RealKubectl.RunAsync("", "scale", "deployment/checkout", "-n", Shop, "--replicas=2");
        await Assertions.Expect(row).ToContainTextAsync("/2", new LocatorAssertionsToContainTextOptions { Timeout = 20_000 });
        await visitor.ShotAsync("real-workloads");
        foreach (var segment in new[] { "", "/pods", "/nodes", "/network", "/storage", "/jobs", "/events" })
        {
            await visitor.GoAsync("/t/platform/c/production" + segment);
            await page.Locator("main h1").First.WaitForAsync();
        }

        // Its rights are those of the manifest, as its own API server says.
        await visitor.GoAsync("/t/platform/c/production/agent");
        await page.Locator("section[data-rights] .rights-columns").WaitForAsync(new LocatorWaitForOptions { Timeout = 30_000 });
        await visitor.ShotAsync("real-rights");
        await Assertions.Expect(page.Locator("[data-rights=excess]")).ToHaveCountAsync(0);
        await visitor.GoAsync($"/t/platform/c/production/o/apps/Deployment/{Shop}/checkout");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("registry.invalid/checkout:1.0");

        // All tools, a proposal, its approval.
        await visitor.AskAsync("/t/platform/chat?cluster=production", "Look at everything.");
        var proposal = page.Locator("[data-proposal]").Last;
        await Assertions.Expect(proposal).ToHaveAttributeAsync("data-state", "Proposed");
        await proposal.Locator("[data-approve]").ClickAsync();
        await Assertions.Expect(proposal).ToHaveAttributeAsync("data-state", "Executed", new LocatorAssertionsToHaveAttributeOptions { Timeout = 30_000 });
        await visitor.ShotAsync("real-proposal");
        Assert.Equal("3", await RealKubectl.RunAsync("", "get", "deployment", "checkout", "-n", Shop, "-o", "jsonpath={.spec.replicas}"));

        // Nothing of what must stay, where the same search finds what may go.
        var tunnel = Encoding.Latin1.GetString(tap.FromAgent());
        var prompts = string.Join('\n', model.Requests.Select(r => r.Body));
        foreach (var text in new[] { tunnel, prompts })
        {
            Assert.Contains("registry.invalid/checkout:1.0", text, StringComparison.Ordinal);
            Assert.DoesNotContain(_canary, text, StringComparison.Ordinal);
        }

        Assert.Contains(_canary, await RealKubectl.RunAsync("", "get", "deployment", "checkout", "-n", Shop, "-o", "yaml"), StringComparison.Ordinal);
        Assert.DoesNotContain(_canary, app.Log, StringComparison.Ordinal);
        visitor.AssertNoTrouble();
    }

    /// <summary>The manifest as the service publishes it; the agent's process stands in for its pod, under the pod's service account.</summary>
    private static async Task<AgentProcess> ConnectAsync(Visitor visitor, TunnelTap tap)
    {
        var page = visitor.Page;
        await visitor.SignInAsync();
        await visitor.GoAsync("/me/teams/new");
        await page.Locator("main form input.input").First.FillAsync("Platform");
        await page.Locator("main form button[type=submit]").First.ClickAsync();
        await page.WaitForURLAsync("**/t/platform*");
        await visitor.GoAsync("/t/platform/clusters/connect");
        await visitor.LiveAsync();
        await page.Locator("#cluster-name").FillAsync("Production");
        await page.Locator("input[name=kind][value=propose]").CheckAsync();
        await page.Locator(".connect-form button[type=submit]").ClickAsync();
        await page.WaitForURLAsync("**cluster=production*");
        var command = await page.Locator(".command pre", new PageLocatorOptions { HasText = "ANYCAST_TOKEN=" }).InnerTextAsync();
        var token = System.Text.RegularExpressions.Regex.Match(command, @"ANYCAST_TOKEN=(\S+)").Groups[1].Value;

        var values = new InstallValues(tap.Address, token, "registry.invalid/anycast/agent@sha256:" + new string('a', 64), Propose: true);
        await RealKubectl.RunAsync(InstallManifest.Render(values), "apply", "-f", "-");
        var account = (await RealKubectl.RunAsync("", "create", "token", "cluster-agent", "-n", Agent, "--duration=1h")).Trim();
        var agent = AgentProcess.Start(tap.Address, token, await RealKubectl.KubeconfigAsync(account));
        var last = page.Locator(".steps-live li").Last;
        await Eventually.TrueAsync(
            async () => agent.IsRunning ? await last.GetAttributeAsync("data-state") == "done" : throw new InvalidOperationException(agent.Log),
            "the cluster is connected",
            TimeSpan.FromSeconds(60));
        await visitor.ShotAsync("real-connected");
        return agent;
    }

    private static List<(string Name, object Arguments)> Calls() =>
    [
        .. new[] { "Pod", "Deployment", "ReplicaSet", "Node", "Event", "Service", "Job", "CronJob" }.Select(k => ("list_resources", (object)new { kind = k, limit = 100 })),
        ("diagnose", new { }),
        ("get_resource", new { kind = "Deployment", name = "checkout", @namespace = Shop }),
        ("get_resource", new { kind = "Secret", name = "checkout", @namespace = Shop }),
        ("get_resource", new { kind = "ConfigMap", name = "checkout", @namespace = Shop }),
        ("describe_with_events", new { kind = "Deployment", name = "checkout", @namespace = Shop }),
        ("propose_change", new { operation = "Scale", kind = "Deployment", name = "checkout", @namespace = Shop, changes = new[] { new { path = "spec.replicas", value = "3" } } }),
    ];

    private string Workload() => new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "List",
        ["items"] = new JsonArray(
            JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{Shop}}}"}}"""),
            JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"checkout","namespace":"{{{Shop}}}"},"stringData":{"key":"{{{_canary}}}"}}"""),
            JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"checkout","namespace":"{{{Shop}}}"},"data":{"key":"{{{_canary}}}"}}"""),
            JsonNode.Parse($$$"""
                {"apiVersion":"apps/v1","kind":"Deployment",
                 "metadata":{"name":"checkout","namespace":"{{{Shop}}}","annotations":{"note":"{{{_canary}}}"}},
                 "spec":{"replicas":1,"selector":{"matchLabels":{"app":"checkout"}},
                  "template":{"metadata":{"labels":{"app":"checkout"},"annotations":{"note":"{{{_canary}}}"}},
                   "spec":{"containers":[{"name":"checkout","image":"registry.invalid/checkout:1.0","args":["--key={{{_canary}}}"],"env":[{"name":"KEY","value":"{{{_canary}}}"}]}]} } } }
                """)),
    }.ToJsonString();
}
