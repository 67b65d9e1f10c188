using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Anycast.Tunnel.Carrier;
using Microsoft.AspNetCore.Connections;

namespace Anycast.Agent.Connection;

/// <summary>The agent's only end point: not an address that one could dial, but the connection that the agent itself dialled.</summary>
internal sealed class TunnelEndPoint : EndPoint
{
    public override string ToString() => "tunnel";
}

/// <summary>Gives Kestrel connections by dialling the service, one at a time, again and again.</summary>
internal sealed class TunnelListenerFactory(Func<TunnelListener> create) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is TunnelEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => ValueTask.FromResult<IConnectionListener>(create());
}

/// <summary>The dial loop, as a listener: accepting means to have dialled and to have been accepted.</summary>
internal sealed class TunnelListener(Dialler dialler, AgentStatus status, TimeProvider clock, ILogger logger) : IConnectionListener
{
    private readonly SemaphoreSlim slot = new(1, 1);
    private readonly CancellationTokenSource unbound = new();
    private readonly Backoff backoff = new(clock);
    private bool waitFirst;

    public EndPoint EndPoint { get; } = new TunnelEndPoint();

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, unbound.Token);
        try
        {
            await slot.WaitAsync(stop.Token).ConfigureAwait(false);
            return await DialAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        unbound.Cancel();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        unbound.Cancel();
        return ValueTask.CompletedTask;
    }

    private async Task<ConnectionContext?> DialAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (waitFirst)
            {
                await Task.Delay(backoff.Next(), clock, cancellationToken).ConfigureAwait(false);
            }

            waitFirst = true;
            try
            {
                var (socket, name) = await dialler.ConnectAsync(cancellationToken).ConfigureAwait(false);
                backoff.Connected();
                status.Connected(name);
                logger.LogInformation("Connected to the service as {Name}", name);
                return new TunnelConnection(socket, Closed);
            }
            catch (RefusedException refused) when (RefusalCodes.IsFinal(refused.Code))
            {
                status.Refused(refused.Code, refused.Message);
                return null;
            }
            catch (Exception e) when (e is RefusedException or ConnectException)
            {
                status.Disconnected(e.Message);
                logger.LogWarning("Not connected: {Why}", e.Message);
            }
        }
    }

    private void Closed()
    {
        status.Disconnected("The connection to the service ended.");
        logger.LogInformation("The connection to the service ended");
        slot.Release();
    }
}

/// <summary>One dialled connection, as Kestrel sees it.</summary>
internal sealed class TunnelConnection : DefaultConnectionContext
{
    private readonly WebSocket socket;
    private readonly Stream stream;
    private readonly Action closed;

    // Never disposed: the base class's own source may be cancelled, on another thread, after it was.
    private readonly CancellationTokenSource ended = new();
    private int disposed;

    public TunnelConnection(WebSocket socket, Action closed)
    {
        this.socket = socket;
        this.closed = closed;
        stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary, closeTimeout: TimeSpan.FromSeconds(2));
        Transport = new Pipes(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4096, leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 64 * 1024, leaveOpen: true)));
        LocalEndPoint = new TunnelEndPoint();
        RemoteEndPoint = new TunnelEndPoint();
        ConnectionId = Guid.NewGuid().ToString("N");
        ConnectionClosed = ended.Token;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        socket.Abort();
        ThreadPool.UnsafeQueueUserWorkItem(static source => source.Cancel(), ended, preferLocal: false);
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Abort();
        }

        socket.Dispose();
        await ended.CancelAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
        closed();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
