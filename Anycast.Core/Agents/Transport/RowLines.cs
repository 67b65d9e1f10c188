using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Agents.Transport;

/// <summary>Divides a Rows stream into lines and reads each.</summary>
internal sealed class RowLines(Stream source, RowReader reader)
{
    private readonly byte[] buffer = new byte[RowReader.MaxLine * 2];
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
