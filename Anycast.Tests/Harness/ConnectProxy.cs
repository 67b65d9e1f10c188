using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Anycast.Tests.Harness;

/// <summary>
/// A company's HTTP proxy: it knows CONNECT and nothing else (RFC 9110, 9.3.6). Whatever host is asked for, it leads to one port of this machine,
/// so that a name that only the proxy can resolve is reached through it alone.
/// </summary>
public sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port;
    private readonly Task _serving;

    public ConnectProxy(int port)
    {
        _port = port;
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>The first lines of the requests, and their Proxy-Authorization.</summary>
    public ConcurrentQueue<(string Request, string Authorization)> Requests { get; } = new();

    /// <summary>Asks for these, <c>name:password</c>, as Basic (RFC 9110, 11.7).</summary>
    public string? Credentials { get; init; }

    /// <summary>What it answers instead, such as <c>403 Forbidden</c>.</summary>
    public string? Refusal { get; set; }

    public string Address => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        var all = new List<Task>();
        try
        {
            while (true)
            {
                all.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(all);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var taken = client;
        using var target = new TcpClient();
        try
        {
            var inside = client.GetStream();
            var head = await HeadAsync(inside);
            var lines = head.Split("\r\n");
            var authorization = lines.FirstOrDefault(l => l.StartsWith("Proxy-Authorization:", StringComparison.OrdinalIgnoreCase)) ?? "";
            Requests.Enqueue((lines[0], authorization));
            if (Credentials is { } wanted && authorization.Split(' ')[^1] != Convert.ToBase64String(Encoding.UTF8.GetBytes(wanted)))
            {
                await inside.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), _stop.Token);
                return;
            }

            if (Refusal is not null || !lines[0].StartsWith("CONNECT ", StringComparison.Ordinal))
            {
                await inside.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Refusal ?? "405 Method Not Allowed"}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), _stop.Token);
                return;
            }

            await target.ConnectAsync(IPAddress.Loopback, _port, _stop.Token);
            await inside.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _stop.Token);
            var outside = target.GetStream();
            await Task.WhenAny(inside.CopyToAsync(outside, _stop.Token), outside.CopyToAsync(inside, _stop.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One of the two is gone.
        }
    }

    private async Task<string> HeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, _stop.Token) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
