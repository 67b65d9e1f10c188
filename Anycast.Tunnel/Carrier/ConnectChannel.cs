using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Anycast.Tunnel.Carrier;

/// <summary>Reads and writes the messages of the connect exchange: text frames of JSON, at most 8 KiB each.</summary>
public sealed class ConnectChannel(WebSocket socket)
{
    /// <summary>No message may be larger (bytes).</summary>
    public const int MaxMessage = 8 * 1024;

    /// <summary>The whole exchange must be over within this time.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public async Task SendAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, type), WebSocketMessageType.Text, endOfMessage: true, cancellationToken).ConfigureAwait(false);

    /// <exception cref="ConnectException">The peer sent something else, or closed.</exception>
    public async Task<T> ReceiveAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxMessage];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (result.MessageType != WebSocketMessageType.Text)
            {
                throw new ConnectException("The peer closed the connection during the exchange.");
            }

            length += result.Count;
            if (result.EndOfMessage)
            {
                break;
            }

            if (length == MaxMessage)
            {
                throw new ConnectException("The peer sent too large a message.");
            }
        }

        try
        {
            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), type) ?? throw new ConnectException("The peer sent an empty message.");
        }
        catch (JsonException)
        {
            throw new ConnectException("The peer sent a message that is none of ours.");
        }
    }
}

/// <summary>The connect exchange failed in a way that has no code.</summary>
public sealed class ConnectException : Exception
{
    public ConnectException()
    {
    }

    public ConnectException(string message)
        : base(message)
    {
    }

    public ConnectException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
