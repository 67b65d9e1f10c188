using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Anycast.Tests.Harness;

/// <summary>
/// The network between agent and service, on a bad day: it can be reset, fall silent without closing, be slow, and lose packets. The last as TCP shows
/// it, which hides loss as delay: what is in flight waits until the last of its segments has come through, retransmitted after 200 ms, then 400 and so on.
/// </summary>
public sealed class WeakLink : IAsyncDisposable
{
    private const int Segment = 1460;
    private static readonly TimeSpan s_firstTimeout = TimeSpan.FromMilliseconds(200);
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly int _port;
    private readonly Task _accepting;
    private readonly Random _chance = new(7);
    private volatile TaskCompletionSource? _silence;
    private int _lost;

    public WeakLink(int servicePort)
    {
        _port = servicePort;
        _listener.Start();
        Address = new Uri($"http://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    /// <summary>What the agent is given as its server.</summary>
    public Uri Address { get; }

    /// <summary>How long each piece takes, in each direction; the order stays.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Share of the segments that are lost, each time they are sent.</summary>
    public double Loss { get; set; }

    /// <summary>Segments that were lost so far.</summary>
    public int Lost => _lost;

    /// <summary>Sends an RST to both ends of every connection.</summary>
    public void Reset()
    {
        foreach (var socket in _sockets.Keys)
        {
            Reset(socket);
        }
    }

    /// <summary>From now on nothing passes, and nobody is told. Disposing the result lets it pass again.</summary>
    public IDisposable Silence()
    {
        var silence = _silence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new Lift(() =>
        {
            _silence = null;
            silence.SetResult();
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        _silence?.TrySetResult();
        Reset();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptSocketAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task PassAsync(Socket near)
    {
        var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            _sockets[near] = _sockets[far] = true;
            await Task.WhenAny(CopyAsync(near, far), CopyAsync(far, near));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The service is not there.
        }
        finally
        {
            Reset(near);
            Reset(far);
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                if (_silence is { } silence)
                {
                    await silence.Task;
                }

                if (Latency + Retransmissions(read) is var wait && wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _stop.Token);
                }

                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    /// <summary>How long the unluckiest of the segments in flight takes.</summary>
    private TimeSpan Retransmissions(int bytes)
    {
        var longest = TimeSpan.Zero;
        for (var segment = 0; Loss > 0 && segment <= (bytes - 1) / Segment; segment++)
        {
            var (wait, timeout) = (TimeSpan.Zero, s_firstTimeout);
            while (Chance() < Loss)
            {
                Interlocked.Increment(ref _lost);
                wait += timeout;
                timeout *= 2;
            }

            longest = wait > longest ? wait : longest;
        }

        return longest;
    }

    private double Chance()
    {
        lock (_chance)
        {
            return _chance.NextDouble();
        }
    }

    private void Reset(Socket socket)
    {
        _sockets.TryRemove(socket, out _);
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }

    private sealed class Lift(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
