using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Anycast.Tunnel;
using Anycast.Tunnel.Carrier;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Agents.Transport;

/// <summary>The agent of a cluster is not connected, or its connection ended during a call.</summary>
public sealed class AgentOfflineException : HttpRequestException
{
    public AgentOfflineException()
        : base("The agent is offline.")
    {
    }

    public AgentOfflineException(string message)
        : base(message)
    {
    }

    public AgentOfflineException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>
/// One connection of one agent: the HTTP/2 client inside the WebSocket that the agent dialled. Pings every 5 s with 5 s to answer,
/// and a small call every 10 s, so that a frozen or vanished agent is known within 15 s. Each carrier has a handler of its own:
/// when an agent connects again, the old carrier is closed and what runs on it fails at once.
/// </summary>
public sealed class AgentCarrier : IAsyncDisposable
{
    private static readonly TimeSpan Ping = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pulse = TimeSpan.FromSeconds(10);
    private readonly WebSocket socket;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly HttpMessageInvoker invoker;
    private readonly TaskCompletionSource<string> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource ended = new();
    private readonly Task pulse;
    private CarrierStream? stream;
    private long roundTripTicks;
    private int disposed;

    internal AgentCarrier(WebSocket socket, AgentHello hello, string agentId, string name, TimeProvider clock, ILogger logger)
    {
        this.socket = socket;
        this.clock = clock;
        this.logger = logger;
        Hello = hello;
        AgentId = agentId;
        Name = name;
        ConnectedAt = clock.GetUtcNow();
        stream = new CarrierStream(WebSocketStream.Create(socket, WebSocketMessageType.Binary, closeTimeout: TimeSpan.FromSeconds(2)), End);
        invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => Interlocked.Exchange(ref stream, null) is { } first ? ValueTask.FromResult<Stream>(first) : throw new AgentOfflineException(),
            EnableMultipleHttp2Connections = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            KeepAlivePingDelay = Ping,
            KeepAlivePingTimeout = Ping,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,

            // What a slow reader lets run ahead stands in front of everybody's small calls. It grows by itself where a long way needs it.
            InitialHttp2StreamWindowSize = 128 * 1024,
            ConnectTimeout = Ping,
        });
        pulse = PulseAsync();
    }

    /// <summary>What the agent said of itself.</summary>
    public AgentHello Hello { get; }

    public string AgentId { get; }

    public string Name { get; }

    public DateTimeOffset ConnectedAt { get; }

    /// <summary>The time of the last small call through the tunnel and back; zero before the first.</summary>
    public TimeSpan RoundTrip => TimeSpan.FromTicks(Interlocked.Read(ref roundTripTicks));

    /// <summary>True until the connection has ended.</summary>
    public bool IsOpen => !closed.Task.IsCompleted;

    /// <summary>Completes, with the reason, when the connection has ended. Never faults.</summary>
    public Task<string> Closed => closed.Task;

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Ended => ended.Token;

    /// <summary>Ends the connection: everything that runs on it fails.</summary>
    public async Task CloseAsync(string reason)
    {
        End(reason);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Sends a request to the agent. The answer's body is read by the caller, who disposes it.</summary>
    /// <exception cref="AgentOfflineException">The connection has ended.</exception>
    internal async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        if (!IsOpen)
        {
            throw new AgentOfflineException();
        }

        try
        {
            return await invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when ((!IsOpen || !cancellationToken.IsCancellationRequested) && e is HttpRequestException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            throw new AgentOfflineException("The connection to the agent ended.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        End("disposed");
        socket.Abort();
        invoker.Dispose();
        if (Interlocked.Exchange(ref stream, null) is { } unused)
        {
            await unused.DisposeAsync().ConfigureAwait(false);
        }

        await pulse.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
    }

    private void End(string why)
    {
        if (closed.TrySetResult(why))
        {
            logger.LogInformation("The connection of an agent ended: {Why}", why);
            ended.Cancel();
        }
    }

    /// <summary>Opens HTTP/2 with the first call, measures the way there and back, and notices an agent that answers no more.</summary>
    private async Task PulseAsync()
    {
        await Task.Yield();
        while (IsOpen)
        {
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(ended.Token);
                limit.CancelAfter(Pulse);
                var started = Stopwatch.GetTimestamp();
                using var request = new HttpRequestMessage(HttpMethod.Get, AgentClient.Address(TunnelRoutes.About));
                using var response = await SendAsync(request, limit.Token).ConfigureAwait(false);
                Interlocked.Exchange(ref roundTripTicks, Stopwatch.GetElapsedTime(started).Ticks);
                await Task.Delay(Pulse, clock, ended.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is AgentOfflineException or OperationCanceledException)
            {
                End("no answer");
                socket.Abort();
            }
        }
    }
}
