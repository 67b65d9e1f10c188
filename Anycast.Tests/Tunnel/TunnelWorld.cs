using Anycast.Agent;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Tests.Tunnel;

/// <summary>Service, agent and API server over real sockets in one process.</summary>
public sealed class TunnelWorld : IAsyncDisposable
{
    private readonly TempDirectory state = new();
    private readonly CancellationTokenSource stop = new();

    private TunnelWorld(ServiceHost service, string kubeconfig, WeakLink? link)
    {
        Service = service;
        Link = link;
        Options = new AgentOptions { Server = link?.Address ?? service.Address, Token = "token-1", StateDirectory = state.File("state"), KubeconfigText = kubeconfig };
    }

    public ServiceHost Service { get; }

    /// <summary>The network between the two, where a test asked for one.</summary>
    public WeakLink? Link { get; }

    public AgentOptions Options { get; private set; }

    public Task<int> Agent { get; private set; } = Task.FromResult(0);

    public AgentClient Client { get; private set; } = null!;

    public List<(string Kind, int Count)> Alarms { get; } = [];

    /// <summary>Starts both and waits until the agent is connected.</summary>
    public static async Task<TunnelWorld> StartAsync(string kubeconfig, ILoggerFactory? loggers = null, bool weak = false, TimeSpan latency = default, Func<AgentOptions, AgentOptions>? with = null)
    {
        var service = await ServiceHost.StartAsync();
        var world = new TunnelWorld(service, kubeconfig, weak ? new WeakLink(service.Address.Port) { Latency = latency } : null);
        world.Options = with?.Invoke(world.Options) ?? world.Options;
        world.StartAgent(loggers);
        await world.ConnectedAsync();
        return world;
    }

    /// <summary>Waits for the agent's next connection and takes it.</summary>
    public async Task ConnectedAsync(TimeSpan? within = null) => Client = new AgentClient(await Service.NextAsync(within), (kind, count) => Alarms.Add((kind, count)));

    public void StartAgent(ILoggerFactory? loggers = null) => Agent = AgentHost.RunAsync(Options, loggers ?? NullLoggerFactory.Instance, stop.Token);

    public async Task StopAgentAsync()
    {
        await stop.CancelAsync();
        await Agent;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAgentAsync();
        if (Link is not null)
        {
            await Link.DisposeAsync();
        }

        await Service.DisposeAsync();
        stop.Dispose();
        state.Dispose();
    }
}
