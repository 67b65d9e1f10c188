using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Agents.Transport;

/// <summary>Divides a Rows stream into lines and reads each. A service with many clusters has many quiet streams, so the buffer grows only with the lines.</summary>
internal sealed class RowLines(Stream source, RowReader reader)
{
    private const int FirstBuffer = 16 * 1024;
    private byte[] buffer = new byte[FirstBuffer];
    private int start;
    private int end;

    /// <summary>Reads once. False at the end.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (end, start) = (end - start, 0);
        if (end > RowReader.MaxLine)
        {
            throw new ProjectionException("TooLarge");
        }

        if (end * 2 > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Min(buffer.Length * 2, RowReader.MaxLine * 2));
        }

        var read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        end += read;
        return read > 0;
    }

    public bool TryNext(out RowChange change)
    {
        var at = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
        if (at < 0)
        {
            change = default;
            return false;
        }

        change = reader.Read(buffer.AsSpan(start, at)) with { Bytes = at + 1 };
        start += at + 1;
        return true;
    }
}
