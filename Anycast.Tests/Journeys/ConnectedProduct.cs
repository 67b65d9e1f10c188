using System.Text.RegularExpressions;
using Anycast.Sandbox;
using Anycast.Tests.Harness;
using Microsoft.Playwright;

namespace Anycast.Tests.Journeys;

/// <summary>Service, agent and cluster as in real life: three of them, the agent a process of its own, every byte of the tunnel written down.</summary>
internal sealed partial class ConnectedProduct : IAsyncDisposable
{
    private AgentProcess? _agent;

    private ConnectedProduct(AppProcess app, SandboxCluster cluster, TunnelTap tap, Visitor visitor) => (App, Cluster, Tap, Visitor) = (app, cluster, tap, visitor);

    public AppProcess App { get; }

    public SandboxCluster Cluster { get; }

    public TunnelTap Tap { get; }

    /// <summary>The operator's browser.</summary>
    public Visitor Visitor { get; }

    public AgentProcess Agent => _agent ?? throw new InvalidOperationException("No agent was started.");

    /// <summary>Address of the connected cluster's page.</summary>
    public string ClusterPath { get; private set; } = "";

    public string TeamPath { get; private set; } = "";

    /// <summary>Starts service and cluster, and connects them by what the wizard shows. <paramref name="more"/>: further settings of the service.</summary>
    public static async Task<ConnectedProduct> StartAsync(BrowserFixture browser, IReadOnlyDictionary<string, string?>? more = null)
    {
        var settings = DemoProduct.Settings;
        foreach (var (key, value) in more ?? new Dictionary<string, string?>())
        {
            settings[key] = value;
        }

        settings["Anycast:Demo:Enabled"] = "false";
        var app = await AppProcess.StartAsync(settings);
        var cluster = await SandboxCluster.StartAsync(new SandboxOptions { Speed = 4 });
        var product = new ConnectedProduct(app, cluster, new TunnelTap(app.Port), await browser.VisitAsync(app.Address));
        try
        {
            await product.ConnectAsync();
            return product;
        }
        catch
        {
            await product.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts an agent with a token.</summary>
    public AgentProcess StartAgent(string? token) => _agent = AgentProcess.Start(Tap.Address, token, Cluster.Kubeconfig(agent: true));

    /// <summary>What the Kubernetes API gives a person with all rights.</summary>
    public async Task<string> RawAsync(string path)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
        using var kubernetes = new HttpClient(handler) { BaseAddress = Cluster.Address };
        kubernetes.DefaultRequestHeaders.Authorization = new("Bearer", Cluster.AdminToken);
        return await kubernetes.GetStringAsync(path);
    }

    private async Task ConnectAsync()
    {
        var page = Visitor.Page;
        await Visitor.SignInAsync();
        await Visitor.GoAsync("/me/teams/new");
        await page.Locator("main form input.input").First.FillAsync("Platform");
        await page.Locator("main form button[type=submit]").First.ClickAsync();
        await page.WaitForURLAsync("**/t/platform*");
        TeamPath = "/t/platform";

        await Visitor.GoAsync("/t/platform/clusters/connect");
        await Visitor.LiveAsync();
        await page.Locator("#cluster-name").FillAsync("Production");
        await page.Locator("input[name=kind][value=propose]").CheckAsync();
        await page.Locator(".connect-form button[type=submit]").ClickAsync();
        await page.WaitForURLAsync("**cluster=production*");
        ClusterPath = "/t/platform/c/production";
        var command = await page.Locator(".command pre", new PageLocatorOptions { HasText = "ANYCAST_TOKEN=" }).InnerTextAsync();
        await Visitor.ShotAsync("journey-connect");
        StartAgent(TokenPattern().Match(command).Groups[1].Value);
        await Assertions.Expect(page.Locator(".steps-live li").Nth(2)).ToHaveAttributeAsync("data-state", "done", new LocatorAssertionsToHaveAttributeOptions { Timeout = 60_000 });
        await Visitor.ShotAsync("journey-connected");
    }

    public async ValueTask DisposeAsync()
    {
        await Visitor.DisposeAsync();
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        await Tap.DisposeAsync();
        await Cluster.DisposeAsync();
        await App.DisposeAsync();
    }

    [GeneratedRegex(@"ANYCAST_TOKEN=(\S+)")]
    private static partial Regex TokenPattern();
}
