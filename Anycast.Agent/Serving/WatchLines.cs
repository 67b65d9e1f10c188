using System.Buffers;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Serving;

/// <summary>Divides a watch's body into its lines; the API server ends each event with one.</summary>
internal sealed class WatchLines(Stream source)
{
    private byte[] buffer = new byte[32 * 1024];
    private int start;
    private int end;
    private int scanned;

    /// <summary>Reads once. False at the end.</summary>
    /// <exception cref="ProjectionException">One event is too large.</exception>
    public async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (end, scanned, start) = (end - start, scanned - start, 0);
        }

        if (end == buffer.Length)
        {
            if (buffer.Length > Projector.MaxObjectBytes)
            {
                throw new ProjectionException("TooLarge");
            }

            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        end += read;
        return read > 0;
    }

    /// <summary>Takes the next whole line; valid until the next fill.</summary>
    public bool TryNext(out ReadOnlyMemory<byte> line)
    {
        while (true)
        {
            var at = buffer.AsSpan(scanned, end - scanned).IndexOf((byte)'\n');
            if (at < 0)
            {
                scanned = end;
                line = default;
                return false;
            }

            line = buffer.AsMemory(start, scanned + at - start);
            start = scanned = scanned + at + 1;
            if (line.Length > 0)
            {
                return true;
            }
        }
    }
}
