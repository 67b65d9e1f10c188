namespace Anycast.Tests.Harness;

/// <summary>Takes HTTP/2 apart (RFC 9113 §4.1): the payload of the DATA frames of each stream in one piece, so that nothing hides at the border of two frames.</summary>
internal static class Http2Bodies
{
    private const int Head = 9;
    private const byte Data = 0;
    private const byte Padded = 0x8;

    /// <summary>The bodies by stream. Ends at the first byte that can be no frame.</summary>
    public static IReadOnlyList<byte[]> Of(ReadOnlySpan<byte> bytes)
    {
        var streams = new Dictionary<int, MemoryStream>();
        while (bytes.Length >= Head)
        {
            var length = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
            var (type, flags) = (bytes[3], bytes[4]);
            var stream = ((bytes[5] & 0x7F) << 24) | (bytes[6] << 16) | (bytes[7] << 8) | bytes[8];
            if (bytes.Length < Head + length)
            {
                break;
            }

            if (type == Data)
            {
                var payload = bytes.Slice(Head, length);
                payload = (flags & Padded) != 0 ? payload[1..^payload[0]] : payload;
                if (!streams.TryGetValue(stream, out var body))
                {
                    streams[stream] = body = new MemoryStream();
                }

                body.Write(payload);
            }

            bytes = bytes[(Head + length)..];
        }

        return [.. streams.Values.Select(s => s.ToArray())];
    }
}
