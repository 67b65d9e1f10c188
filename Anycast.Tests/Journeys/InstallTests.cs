using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Anycast.Tests.Sandbox;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>A second cluster is connected by the very command that the wizard shows, and by an agent started as the manifest says.</summary>
[Collection(JourneyCollection.Name)]
public sealed class InstallTests(BrowserFixture browser)
{
    private const string Namespace = "anycast-system";

    [Fact]
    [PolicyClause("S07")]
    public async Task Connect_ByTheManifestThatThePageShows_Works()
    {
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Enabled"] = "false";
        settings["Anycast:Agent:Image"] = "registry.example.org/anycast/agent@sha256:" + new string('a', 64);
        await using var app = await AppProcess.StartAsync(settings);
        await using var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Speed = 10 });
        using var kubectl = new Kubectl(cluster);
        await RemoveAgentAsync(kubectl);

        await using var visitor = await browser.VisitAsync(app.Address);
        var page = visitor.Page;
        var command = await WizardAsync(visitor);
        Assert.Matches($"^kubectl apply -f {app.Address}agent/install/[A-Za-z0-9_-]+$", command);

        // A proxy and an authority go into the manifest by its address, and nothing else does.
        await page.Locator("[data-way=out] summary").ClickAsync();
        await page.Locator("#enrol-proxy").FillAsync("http://proxy.example.org:3128");
        await page.Locator("#enrol-ca").FillAsync("company-ca");
        var through = page.Locator(".command pre", new PageLocatorOptions { HasText = "kubectl apply -f 'http" });
        await Assertions.Expect(through).ToContainTextAsync("ca=company-ca'");
        var address = (await through.InnerTextAsync()).Trim()["kubectl apply -f '".Length..^1];
        var manifest = await app.Client.GetStringAsync(new Uri(address));
        Assert.Contains("\"http://proxy.example.org:3128\"", manifest, StringComparison.Ordinal);
        Assert.Contains("name: \"company-ca\"", manifest, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, (await app.Client.GetAsync(new Uri(command.Split(' ')[^1] + "?proxy=http%3A%2F%2Fa%22%0Akind%3A%20Secret"))).StatusCode);
        await page.Locator("#enrol-proxy").FillAsync("nonsense");
        await Assertions.Expect(page.Locator("[data-way=out] [role=alert]")).ToHaveCountAsync(1);
        await visitor.ShotAsync("journey-connect-advanced");
        using (var head = await app.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(command.Split(' ')[^1]))))
        {
            Assert.Equal(System.Net.HttpStatusCode.OK, head.StatusCode);
        }

        // A reload ends nothing.
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("[data-pending]")).ToBeVisibleAsync();
        var applied = await kubectl.RunAsync(command["kubectl ".Length..]);
        Assert.Contains("deployment.apps/cluster-agent created", applied, StringComparison.Ordinal);

        // What the kubelet would do with the Deployment: its environment, a token of its service account, no image to run.
        var pod = cluster.Store.Get("Deployment", Namespace, "cluster-agent")!["spec"]!["template"]!["spec"]!;
        var environment = pod["containers"]![0]!["env"]!.AsArray().ToDictionary(e => e!["name"]!.GetValue<string>(), e => e!["value"]!.GetValue<string>());
        var token = (await kubectl.RunAsync($"create token {pod["serviceAccountName"]} -n {Namespace}")).Trim();
        environment.Remove("ANYCAST_STATE");
        environment.Remove("ANYCAST_HEALTH_PORT");
        using var agent = new Agent.AgentProcess(
            new Uri(environment["ANYCAST_SERVER"]),
            cluster.Kubeconfig(agent: true).Replace(cluster.AgentToken, token, StringComparison.Ordinal),
            "",
            [.. environment.Select(e => (e.Key, e.Value))]);

        await Assertions.Expect(page.Locator(".steps-live li").Last).ToHaveAttributeAsync("data-state", "done", new LocatorAssertionsToHaveAttributeOptions { Timeout = 90_000 });
        await visitor.ShotAsync("journey-installed");
        await visitor.GoAsync("/t/platform/c/production/workloads");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("checkout", new LocatorAssertionsToContainTextOptions { Timeout = 40_000 });
        Assert.StartsWith("Connected as", await agent.HealthAsync("ready"), StringComparison.Ordinal);

        // One use, and no more than the roles of the manifest: its own Secret by patch, nothing of another.
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await app.Client.GetAsync(new Uri(command.Split(' ')[^1]))).StatusCode);
        var secrets = cluster.Requests.ByAgent().Where(r => r.Resource is "secrets" or "configmaps" || r.Resource.Contains('/', StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(secrets);
        Assert.All(secrets, r => Assert.Equal(("patch", Namespace, "cluster-agent-credential"), (r.Verb, r.Namespace, r.Name)));
        Assert.NotEmpty(cluster.Store.Get("Lease", Namespace, "cluster-agent-leader")!["spec"]!["holderIdentity"]!.GetValue<string>());
        visitor.AssertNoTrouble();
    }

    /// <summary>The sandbox is born with an agent's roles; here the manifest alone must bring them.</summary>
    private static async Task RemoveAgentAsync(Kubectl kubectl)
    {
        await kubectl.RunAsync($"delete namespace {Namespace} --timeout=60s");
        foreach (var kind in new[] { "clusterrole", "clusterrolebinding" })
        {
            var names = (await kubectl.RunAsync($"get {kind} -o name")).Split('\n').Where(n => n.Contains("/cluster-agent", StringComparison.Ordinal));
            await kubectl.RunAsync("delete " + string.Join(' ', names));
        }
    }

    private static async Task<string> WizardAsync(Visitor visitor)
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
        await page.Locator(".connect-form button[type=submit]").ClickAsync();
        await page.WaitForURLAsync("**cluster=production*");
        return (await page.Locator(".command pre", new PageLocatorOptions { HasText = "kubectl apply" }).InnerTextAsync()).Trim();
    }
}
