using Anycast.Agent;
using Anycast.Core.Agents;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Sandbox;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Anycast.Web.Demo;

/// <summary>
/// The sandbox cluster and its agent in this process, joined by nothing but the real tunnel on the loopback address. The sandbox lives in memory,
/// but its identity and the agent's key are kept, so that after a restart the same agent comes back to the same cluster.
/// </summary>
internal sealed class DemoHost(
    DemoOptions options,
    DataOptions data,
    DemoTeam demo,
    AgentService agents,
    IServer server,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers,
    TimeProvider clock) : BackgroundService
{
    // A look is a query: an installation that waits for its operator overnight must not be busy with it.
    private static readonly TimeSpan s_lookForOperator = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private readonly ILogger _log = loggers.CreateLogger<DemoHost>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await StartedAsync(stoppingToken);
            if (LoopbackAddress() is not { } address)
            {
                _log.LogWarning("The demo needs an http address of this machine; none is listened on, so it stays off");
                return;
            }

            var directory = Path.Combine(data.Directory, "sandbox");
            await using var sandbox = await SandboxCluster.StartAsync(
                new SandboxOptions { DataDirectory = directory, Pods = options.Pods, Speed = options.Speed }, stoppingToken);
            _log.LogInformation("The sandbox cluster is at {Address}; its kubeconfig is {Kubeconfig}", sandbox.Address, Path.Combine(directory, "kubeconfig"));
            await RunAgentAsync(address, sandbox, directory, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            // The product is whole without its demo.
            _log.LogError(e, "The demo could not be started; the service runs without it");
        }
    }

    private async Task RunAgentAsync(Uri address, SandboxCluster sandbox, string directory, CancellationToken ct)
    {
        for (var start = 0; ; start++)
        {
            Anycast.Core.Clusters.Cluster? cluster;
            while ((cluster = await demo.EnsureAsync(ct)) is null)
            {
                await Task.Delay(s_lookForOperator, clock, ct);
            }

            var state = Path.Combine(directory, "agent");
            var token = start == 0 && Directory.Exists(state) ? null : await EnrolAnewAsync(cluster, state, ct);
            var agent = new AgentOptions { Server = address, Token = token, StateDirectory = state, KubeconfigText = sandbox.Kubeconfig(agent: true) };
            var code = await AgentHost.RunAsync(agent, loggers, ct);
            ct.ThrowIfCancellationRequested();

            // Revoked or removed by a person who tries things out, or a data directory that another database knew: the demo comes back by itself.
            _log.LogInformation("The demo's agent ended with code {Code}; it is enrolled again", code);
            await Task.Delay(start == 0 && token is null ? TimeSpan.Zero : s_pause, clock, ct);
        }
    }

    private async Task<string> EnrolAnewAsync(Anycast.Core.Clusters.Cluster cluster, string state, CancellationToken ct)
    {
        if (Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
        }

        return (await agents.RenewDemoAsync(Actor.System("demo"), cluster, ct)).Text;
    }

    private async Task StartedAsync(CancellationToken ct)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(ct);
    }

    private Uri? LoopbackAddress()
    {
        foreach (var text in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            var address = BindingAddress.Parse(text);
            if (address.Scheme == "http")
            {
                return new Uri($"http://{(address.Host is "localhost" or "127.0.0.1" or "[::1]" ? address.Host : "127.0.0.1")}:{address.Port}");
            }
        }

        return null;
    }
}
