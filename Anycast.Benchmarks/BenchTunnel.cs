using Anycast.Agent;
using Anycast.Core.Agents.Transport;
using Anycast.Tunnel;
using Anycast.Tunnel.Carrier;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Benchmarks;

/// <summary>A service with its one WebSocket end point, and an agent connected to it, over real sockets; the agent in this process, or native in its own.</summary>
internal sealed class BenchTunnel : IConnectDecider, IAsyncDisposable
{
    private readonly TaskCompletionSource<AgentCarrier> connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly string state = Directory.CreateTempSubdirectory("anycast-bench-").FullName;
    private WebApplication? app;
    private Task<int> hosted = Task.FromResult(0);

    public AgentClient Client { get; private set; } = null!;

    /// <summary>The agent's process, when it has one of its own.</summary>
    public ChildProcess? Agent { get; private set; }

    public static async Task<BenchTunnel> StartAsync(string kubeconfig, string? agent = null)
    {
        var tunnel = new BenchTunnel();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        tunnel.app = builder.Build();
        tunnel.app.UseWebSockets();
        tunnel.app.Run(tunnel.HandleAsync);
        await tunnel.app.StartAsync();
        var address = new Uri(tunnel.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        if (agent is not null)
        {
            var file = Path.Combine(tunnel.state, "kubeconfig");
            await File.WriteAllTextAsync(file, kubeconfig);
            tunnel.Agent = ChildProcess.Agent(agent, address, file, Path.Combine(tunnel.state, "agent"));
        }
        else
        {
            tunnel.hosted = AgentHost.RunAsync(new AgentOptions { Server = address, Token = "t", StateDirectory = tunnel.state, KubeconfigText = kubeconfig }, NullLoggerFactory.Instance, tunnel.stop.Token);
        }

        tunnel.Client = new AgentClient(await tunnel.connected.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        return tunnel;
    }

    public Task<ConnectDecision> DecideAsync(AgentHello hello, bool proofOk, CancellationToken cancellationToken) => Task.FromResult<ConnectDecision>(new ConnectDecision.Accept("bench", "bench"));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await hosted;
        if (Agent is not null)
        {
            await Agent.DisposeAsync();
        }

        await app!.DisposeAsync();
        stop.Dispose();
        Directory.Delete(state, recursive: true);
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path != TunnelRoutes.Connect)
        {
            context.Response.StatusCode = 404;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await using var carrier = await new AgentCarrierListener(TimeProvider.System, NullLoggerFactory.Instance).AcceptAsync(socket, this, context.RequestAborted);
        if (carrier is not null)
        {
            connected.TrySetResult(carrier);
            await carrier.Closed;
        }
    }
}
