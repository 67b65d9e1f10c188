using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
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

namespace Anycast.Tests.Tunnel;

/// <summary>The service's end of the tunnel alone: a real Kestrel with the one WebSocket end point.</summary>
public sealed class ServiceHost : IConnectDecider, IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Channel<AgentCarrier> carriers = Channel.CreateUnbounded<AgentCarrier>();

    private ServiceHost(WebApplication app) => this.app = app;

    /// <summary>Decides; accepts every proven key unless a test says otherwise.</summary>
    public Func<AgentHello, bool, ConnectDecision> Decide { get; set; } = (hello, proofOk) =>
        proofOk ? new ConnectDecision.Accept(hello.AgentId ?? "agent-1", "test cluster") : new ConnectDecision.Refuse(RefusalCodes.ProofFailed, "no proof");

    public List<AgentHello> Hellos { get; } = [];

    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <param name="certificate">Serves HTTPS with it; plain HTTP without.</param>
    public static async Task<ServiceHost> StartAsync(X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var app = builder.Build();
        var host = new ServiceHost(app);
        app.UseWebSockets();
        app.Run(host.HandleAsync);
        await app.StartAsync();
        return host;
    }

    /// <summary>The next connection of an agent.</summary>
    public async Task<AgentCarrier> NextAsync(TimeSpan? within = null) =>
        await carriers.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(within ?? TimeSpan.FromSeconds(30));

    public Task<ConnectDecision> DecideAsync(AgentHello hello, bool proofOk, CancellationToken cancellationToken)
    {
        lock (Hellos)
        {
            Hellos.Add(hello);
        }

        return Task.FromResult(Decide(hello, proofOk));
    }

    public async ValueTask DisposeAsync()
    {
        while (carriers.Reader.TryRead(out var carrier))
        {
            await carrier.DisposeAsync();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // A test's carrier may still be open.
        }

        await app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path != TunnelRoutes.Connect || !context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = 404;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var listener = new AgentCarrierListener(TimeProvider.System, NullLoggerFactory.Instance);
        await using var carrier = await listener.AcceptAsync(socket, this, context.RequestAborted);
        if (carrier is not null)
        {
            await carriers.Writer.WriteAsync(carrier);
            await carrier.Closed;
        }
    }
}
