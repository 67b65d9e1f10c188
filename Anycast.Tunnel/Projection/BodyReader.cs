using System.Buffers;

namespace Anycast.Tunnel.Projection;

/// <summary>Reads a whole body, up to a limit.</summary>
public static class BodyReader
{
    /// <exception cref="ProjectionException">The body is larger than the limit.</exception>
    public static async ValueTask<byte[]> ReadAsync(Stream source, int most, CancellationToken cancellationToken)
    {
        var output = new ArrayBufferWriter<byte>(16 * 1024);
        while (true)
        {
            var read = await source.ReadAsync(output.GetMemory(16 * 1024), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return output.WrittenSpan.ToArray();
            }

            output.Advance(read);
            if (output.WrittenCount > most)
            {
                throw new ProjectionException("TooLarge");
            }
        }
    }
}
