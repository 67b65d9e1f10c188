using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MimeKit;

namespace Anycast.Tests.Harness;

/// <summary>A small SMTP server on loopback (RFC 5321: EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT) that keeps what it is given.</summary>
public sealed class SmtpCatcher : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public SmtpCatcher()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>What was accepted, in order. Each has the envelope's recipients.</summary>
    public ConcurrentQueue<CaughtMail> Mails { get; } = new();

    /// <summary>Answers the next RCPT with this instead of 250, once.</summary>
    public string? RefuseNext { get; set; }

    /// <summary>Called with each mail after it was taken over and before the client is told so.</summary>
    public Func<CaughtMail, Task>? BeforeAnswer { get; set; }

    /// <summary>The settings that send the product's mail here.</summary>
    public Dictionary<string, string?> Settings() => new()
    {
        ["Anycast:Mail:SmtpHost"] = "127.0.0.1",
        ["Anycast:Mail:SmtpPort"] = Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["Anycast:Mail:SmtpSecurity"] = "None",
        ["Anycast:Mail:FromAddress"] = "anycast@example.org",
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1);
                await using var writer = new StreamWriter(stream, Encoding.ASCII) { NewLine = "\r\n", AutoFlush = true };
                await writer.WriteLineAsync("220 catcher.test ESMTP");
                var recipients = new List<string>();
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    var verb = line.Split(' ', 2)[0].ToUpperInvariant();
                    switch (verb)
                    {
                        case "EHLO":
                            await writer.WriteAsync("250-catcher.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n");
                            break;
                        case "RCPT" when RefuseNext is { } refusal:
                            RefuseNext = null;
                            await writer.WriteLineAsync(refusal);
                            break;
                        case "RCPT":
                            recipients.Add(line[(line.IndexOf('<') + 1)..line.IndexOf('>')]);
                            await writer.WriteLineAsync("250 OK");
                            break;
                        case "DATA":
                            await writer.WriteLineAsync("354 go on");
                            var mail = await ReadAsync(reader, recipients);
                            Mails.Enqueue(mail);
                            if (BeforeAnswer is { } hook)
                            {
                                await hook(mail);
                            }

                            recipients = [];
                            await writer.WriteLineAsync("250 taken");
                            break;
                        case "QUIT":
                            await writer.WriteLineAsync("221 bye");
                            return;
                        case "HELO" or "MAIL" or "NOOP" or "RSET":
                            await writer.WriteLineAsync("250 OK");
                            break;
                        default:
                            await writer.WriteLineAsync("502 not here");
                            break;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, which some tests want.
        }
    }

    private static async Task<CaughtMail> ReadAsync(StreamReader reader, List<string> recipients)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line && line != ".")
        {
            text.Append(line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line).Append("\r\n");
        }

        using var bytes = new MemoryStream(Encoding.Latin1.GetBytes(text.ToString()));
        return new CaughtMail(await MimeMessage.LoadAsync(bytes), recipients);
    }
}

/// <summary>A mail as it arrived, with the recipients of its envelope.</summary>
public sealed record CaughtMail(MimeMessage Message, IReadOnlyList<string> Recipients);
