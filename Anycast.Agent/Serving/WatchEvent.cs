using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Serving;

/// <summary>The envelope of one watch event: its type, and where in the line its object lies.</summary>
internal readonly record struct WatchEvent(string Type, Range Object)
{
    /// <exception cref="ProjectionException">The line is no watch event.</exception>
    public static WatchEvent Read(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = Projector.MaxDepth + 2 });
            string? type = null;
            Range? where = null;
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("type"u8);
                var isObject = reader.ValueTextEquals("object"u8);
                reader.Read();
                if (isType && type is null && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 20)
                {
                    type = reader.GetString();
                }
                else if (isObject && where is null)
                {
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    where = start..(int)reader.BytesConsumed;
                }
                else
                {
                    throw new ProjectionException("InvalidJson");
                }
            }

            return type is not null && where is { } range ? new WatchEvent(type, range) : throw new ProjectionException("InvalidJson");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ProjectionException("InvalidJson");
        }
    }
}
