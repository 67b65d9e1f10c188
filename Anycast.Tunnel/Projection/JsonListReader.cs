using System.Buffers;
using System.Text.Json;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// Takes a list answer of the Kubernetes API apart while it arrives: each item as soon as it is complete, so that memory is
/// bounded by the largest item and not by the list.
/// </summary>
public sealed class JsonListReader(Stream source) : IDisposable
{
    private const int FirstBuffer = 128 * 1024;
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int start;
    private int end;
    private bool ended;
    private Phase phase;
    private JsonReaderState state = new(new JsonReaderOptions { MaxDepth = Projector.MaxDepth + 2 });
    private ReadOnlyMemory<byte> pending;

    private enum Phase
    {
        Start,
        Property,
        Items,
        Item,
        End,
    }

    /// <summary>The kind that the answer names, e.g. <c>PodList</c>; known once it was read.</summary>
    public string? Kind { get; private set; }

    /// <summary>The list's <c>metadata</c> object as it came; known once it was read, at the latest after the last item.</summary>
    public byte[]? Metadata { get; private set; }

    /// <summary>Moves to the next item. The memory is valid until the next call.</summary>
    /// <returns>Null at the end of the list.</returns>
    /// <exception cref="ProjectionException">The answer is no list.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        while (phase != Phase.End)
        {
            bool item;
            bool more;
            try
            {
                item = Advance(out more);
            }
            catch (JsonException)
            {
                throw new ProjectionException("InvalidJson");
            }

            if (item)
            {
                return pending;
            }

            if (more)
            {
                await FillAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return null;
    }

    public void Dispose()
    {
        var rented = Interlocked.Exchange(ref buffer, []);
        if (rented.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>One step: true when an item is complete; <paramref name="more"/> when bytes are missing.</summary>
    private bool Advance(out bool more)
    {
        var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), ended, state);
        more = false;
        switch (phase)
        {
            case Phase.Start:
                if (!Read(ref reader, out more))
                {
                    return false;
                }

                Expect(reader.TokenType == JsonTokenType.StartObject);
                phase = Phase.Property;
                break;
            case Phase.Property:
                if (!Read(ref reader, out more))
                {
                    return false;
                }

                if (reader.TokenType == JsonTokenType.EndObject)
                {
                    phase = Phase.End;
                    return false;
                }

                if (reader.ValueTextEquals("items"u8))
                {
                    phase = Phase.Items;
                    break;
                }

                if (!Property(ref reader))
                {
                    more = true;
                    return false;
                }

                break;
            case Phase.Items:
                if (!Read(ref reader, out more))
                {
                    return false;
                }

                Expect(reader.TokenType is JsonTokenType.StartArray or JsonTokenType.Null);
                phase = reader.TokenType == JsonTokenType.StartArray ? Phase.Item : Phase.Property;
                break;
            case Phase.Item:
                if (!Read(ref reader, out more))
                {
                    return false;
                }

                if (reader.TokenType == JsonTokenType.EndArray)
                {
                    phase = Phase.Property;
                    break;
                }

                Expect(reader.TokenType == JsonTokenType.StartObject);
                var at = (int)reader.TokenStartIndex;
                if (!reader.TrySkip())
                {
                    more = true;
                    return false;
                }

                pending = buffer.AsMemory(start + at, (int)reader.BytesConsumed - at);
                Commit(ref reader);
                return true;
            default:
                return false;
        }

        Commit(ref reader);
        return false;
    }

    private bool Property(ref Utf8JsonReader reader)
    {
        var isMetadata = reader.ValueTextEquals("metadata"u8);
        var isKind = reader.ValueTextEquals("kind"u8);
        if (!reader.Read())
        {
            return false;
        }

        var at = (int)reader.TokenStartIndex;
        if (isKind && reader.TokenType == JsonTokenType.String)
        {
            Kind = reader.ValueSpan.Length <= 100 ? reader.GetString() : "";
        }

        if (!reader.TrySkip())
        {
            return false;
        }

        if (isMetadata)
        {
            Metadata = buffer.AsSpan(start + at, (int)reader.BytesConsumed - at).ToArray();
        }

        return true;
    }

    private bool Read(ref Utf8JsonReader reader, out bool more)
    {
        more = false;
        if (reader.Read())
        {
            return true;
        }

        more = !ended;
        return ended ? throw new ProjectionException("InvalidJson") : false;
    }

    private void Commit(ref Utf8JsonReader reader)
    {
        state = reader.CurrentState;
        start += (int)reader.BytesConsumed;
    }

    private static void Expect(bool holds)
    {
        if (!holds)
        {
            throw new ProjectionException("InvalidJson");
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }

        if (end > buffer.Length / 2)
        {
            Grow();
        }

        var read = await source.ReadAsync(buffer.AsMemory(end), cancellationToken).ConfigureAwait(false);
        ended = read == 0;
        end += read;
    }

    private void Grow()
    {
        if (buffer.Length > Projector.MaxObjectBytes * 2)
        {
            throw new ProjectionException("TooLarge");
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
