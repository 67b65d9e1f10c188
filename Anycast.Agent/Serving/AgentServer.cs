using System.Net;
using Anycast.Agent.Cluster;
using Anycast.Agent.Connection;
using Anycast.Agent.Operations;
using Anycast.Agent.OptIns;
using Anycast.Agent.Rights;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Anycast.Agent.Serving;

/// <summary>
/// The web servers of the agent: one whose only end point is the tunnel, and, where a port is set, one that tells a kubelet whether
/// the agent lives. Neither reads configuration or environment.
/// </summary>
internal static class AgentServer
{
    /// <summary>How long requests that are under way may take when the agent is asked to stop; the pod has 20 s.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(12);

    public static async Task<IAsyncDisposable> StartAsync(Dialler dialler, AgentAbout about, AgentOptions options, KubernetesApi api, OptInReader optIns, RightsReader rights, AgentStatus status, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Anycast.Agent");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Anycast.Agent" });
        builder.Services.AddSingleton(Quiet(loggers));
        builder.Services.AddSingleton<IConnectionListenerFactory>(new TunnelListenerFactory(() => new TunnelListener(dialler, status, clock, logger)));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(ConfigureTunnel);
        var app = builder.Build();
        var projector = Projector.Current;
        var operations = new OperationExecutor(api, projector, new OperationLaw(options.Propose, optIns), clock, logger);
        var requests = new AgentRequests(about, new ObjectsEndpoint(api, projector, logger), new RowsEndpoint(api, projector, clock, logger, app.Lifetime.ApplicationStopping), operations, new LogsEndpoint(api, optIns, logger), new ConfigDataEndpoint(api, optIns, logger), rights, logger);
        app.Run(requests.HandleAsync);
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return new Running(app, Drain);
    }

    /// <summary><c>/health/live</c>: the process lives. <c>/health/ready</c>: it is connected, or stands by.</summary>
    public static async Task<IAsyncDisposable?> HealthAsync(int? port, AgentStatus status, KubernetesApi api, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (port is not { } number)
        {
            return null;
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Anycast.Agent" });
        builder.Services.AddSingleton(Quiet(loggers));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Any, number));
        var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.StatusCode = context.Request.Path.Value switch
            {
                "/health/live" => StatusCodes.Status200OK,
                "/health/ready" => status.IsConnected || status.IsStandby ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
                _ => StatusCodes.Status404NotFound,
            };

            // Still ready: another replica would get no answer either, and what waits for readiness could not mend it.
            var silent = api.SilentSince is { } since ? $" The Kubernetes API server does not answer since {since:u}." : "";
            await context.Response.WriteAsync(status.Why + silent, context.RequestAborted).ConfigureAwait(false);
        });
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return new Running(app, TimeSpan.FromSeconds(1));
    }

    private static void ConfigureTunnel(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 8 * 1024 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 2 * 1024 * 1024;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(5);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
        kestrel.Listen(new TunnelEndPoint(), listen => listen.Protocols = HttpProtocols.Http2);
    }

    /// <summary>Kestrel's own messages only from warnings on: its request lines hold the names of objects.</summary>
    private static ILoggerFactory Quiet(ILoggerFactory loggers) => new QuietLoggers(loggers);

    private sealed class QuietLoggers(ILoggerFactory inner) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => new QuietLogger(inner.CreateLogger(categoryName));

        public void Dispose()
        {
        }
    }

    private sealed class QuietLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }

    /// <summary>Stopping means: no new request, streams end, and what was under way, an operation above all, is answered first.</summary>
    private sealed class Running(WebApplication app, TimeSpan drain) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            using var limit = new CancellationTokenSource(drain);
            try
            {
                await app.StopAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // What still runs is cut when the connection closes.
            }

            await app.DisposeAsync().ConfigureAwait(false);
        }
    }
}
