using System.Buffers;

namespace Anycast.Tunnel.Projection;

/// <summary>Reads a whole body, up to a limit.</summary>
public static class BodyReader
{
    private const int FirstBuffer = 16 * 1024;

    /// <exception cref="ProjectionException">The body is larger than the limit.</exception>
    public static async ValueTask<byte[]> ReadAsync(Stream source, int most, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        var length = 0;
        try
        {
            while (true)
            {
                var read = await source.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                length += read;
                if (length > most)
                {
                    throw new ProjectionException("TooLarge");
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
