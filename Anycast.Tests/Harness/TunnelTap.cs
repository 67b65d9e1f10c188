using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Anycast.Tests.Harness;

/// <summary>
/// Stands between agent and service and writes down every byte that passes, WebSocket frames of the agent unmasked (RFC 6455 §5.3), so
/// that a test can look for what must not pass.
/// </summary>
public sealed class TunnelTap : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly MemoryStream _fromAgent = new();
    private readonly List<MemoryStream> _connections = [];
    private readonly int _servicePort;
    private readonly Task _accepting;

    public TunnelTap(int servicePort)
    {
        _servicePort = servicePort;
        _listener.Start();
        Address = new Uri($"http://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    /// <summary>What the agent is given as its server.</summary>
    public Uri Address { get; }

    /// <summary>What the agent has sent so far.</summary>
    public byte[] FromAgent()
    {
        lock (_fromAgent)
        {
            return _fromAgent.ToArray();
        }
    }

    /// <summary>The bodies of the answers of the agent so far, each in one piece however many frames it came in.</summary>
    public IReadOnlyList<byte[]> BodiesFromAgent()
    {
        lock (_fromAgent)
        {
            return [.. _connections.SelectMany(c => Http2Bodies.Of(c.ToArray()))];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await _fromAgent.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = PassAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task PassAsync(TcpClient agent)
    {
        try
        {
            using (agent)
            using (var service = new TcpClient())
            {
                await service.ConnectAsync(IPAddress.Loopback, _servicePort, _stop.Token);
                var binary = new MemoryStream();
                lock (_fromAgent)
                {
                    _connections.Add(binary);
                }

                var unmasker = new Unmasker();
                var up = CopyAsync(agent.GetStream(), service.GetStream(), bytes =>
                {
                    lock (_fromAgent)
                    {
                        unmasker.Write(bytes, _fromAgent, binary);
                    }
                });
                var down = CopyAsync(service.GetStream(), agent.GetStream(), _ => { });
                await Task.WhenAny(up, down);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side went away.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Action<ReadOnlyMemory<byte>> note)
    {
        var buffer = new byte[65536];
        int count;
        while ((count = await from.ReadAsync(buffer, _stop.Token)) > 0)
        {
            note(buffer.AsMemory(0, count));
            await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }

    /// <summary>Passes the HTTP head as it is; after an upgrade, the payload of frames without their mask.</summary>
    private sealed class Unmasker
    {
        private readonly List<byte> _head = [];
        private readonly List<byte> _frameHead = [];
        private readonly byte[] _mask = new byte[4];
        private bool _upgraded;
        private bool _isBinary;
        private long _left;
        private int _at;

        /// <summary>Everything goes to <paramref name="to"/>, what is in binary frames also to <paramref name="binary"/>.</summary>
        public void Write(ReadOnlyMemory<byte> bytes, Stream to, Stream binary)
        {
            foreach (var b in bytes.Span)
            {
                if (!_upgraded)
                {
                    to.WriteByte(b);
                    _head.Add(b);
                    if (_head.Count >= 4 && _head[^1] == '\n' && _head[^2] == '\r' && _head[^3] == '\n')
                    {
                        _upgraded = Encoding.ASCII.GetString([.. _head]).Contains("websocket", StringComparison.OrdinalIgnoreCase);
                        _head.Clear();
                    }
                }
                else if (_left > 0)
                {
                    var plain = (byte)(b ^ _mask[_at++ & 3]);
                    to.WriteByte(plain);
                    if (_isBinary)
                    {
                        binary.WriteByte(plain);
                    }

                    _left--;
                }
                else
                {
                    _frameHead.Add(b);
                    TakeHead();
                }
            }
        }

        private void TakeHead()
        {
            if (_frameHead.Count < 2)
            {
                return;
            }

            var size = _frameHead[1] & 0x7F;
            var masked = (_frameHead[1] & 0x80) != 0;
            var lengthBytes = size switch { 126 => 2, 127 => 8, _ => 0 };
            var whole = 2 + lengthBytes + (masked ? 4 : 0);
            if (_frameHead.Count < whole)
            {
                return;
            }

            _left = size;
            if (lengthBytes > 0)
            {
                _left = 0;
                for (var i = 0; i < lengthBytes; i++)
                {
                    _left = (_left << 8) | _frameHead[2 + i];
                }
            }

            for (var i = 0; i < 4; i++)
            {
                _mask[i] = masked ? _frameHead[2 + lengthBytes + i] : (byte)0;
            }

            // Opcodes: 0 goes on with the frame before, 1 is text, 2 is binary, 8 and up are control frames.
            _isBinary = (_frameHead[0] & 0x0F) switch { 2 => true, 0 => _isBinary, _ => false };
            _at = 0;
            _frameHead.Clear();
        }
    }
}
