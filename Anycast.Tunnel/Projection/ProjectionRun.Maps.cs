using System.Text;
using System.Text.Json;

namespace Anycast.Tunnel.Projection;

/// <summary>Maps and counted lists, whose keys are data as much as their values.</summary>
internal sealed partial class ProjectionRun
{
    private void Map(FieldNode node, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Drop(ref reader);
            return;
        }

        writer.WriteStartObject(node.Encoded);
        Span<ulong> hashes = stackalloc ulong[MaxMapEntries];
        var entries = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = Text(ref reader, ref keyScratch);
            var leaf = ValueLeaf(node.Leaf, key);
            reader.Read();
            if (leaf == LeafType.None || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null || entries == MaxMapEntries)
            {
                Drop(ref reader);
                continue;
            }

            var hash = Hash(key);
            if (hashes[..entries].Contains(hash))
            {
                throw new ProjectionException("DuplicateName");
            }

            hashes[entries++] = hash;
            MapValue(leaf, key, ref reader);
        }

        writer.WriteEndObject();
    }

    /// <summary>The type of a map's value, or none when the entry is dropped for its key.</summary>
    private LeafType ValueLeaf(LeafType map, ReadOnlySpan<byte> key)
    {
        if (map == LeafType.Anns)
        {
            return key.Length <= 253 && specification.TryAnnotation(Encoding.UTF8.GetString(key), out var annotation) ? annotation : LeafType.None;
        }

        return !LeafGrammar.IsQualifiedName(key) || Detectors.Hit(key)
            ? LeafType.None
            : map switch
            {
                LeafType.Labels => LeafType.Name,
                LeafType.Quantities => LeafType.Quantity,
                _ => LeafType.Present,
            };
    }

    private void MapValue(LeafType leaf, scoped ReadOnlySpan<byte> key, ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            var text = Text(ref reader, ref scratch);
            var mayMark = leaf is not (LeafType.Int or LeafType.Bool or LeafType.Time or LeafType.Quantity or LeafType.IntStr);
            var passes = LeafGrammar.Fits(leaf, text) && !(LeafGrammar.NeedsDetectors(leaf) && Detectors.Hit(text));
            if (passes || mayMark)
            {
                writer.WritePropertyName(key);
                passes = Write(leaf, text, null);
            }

            withheld += passes ? 0 : 1;
        }
        else if (leaf == LeafType.Quantity && reader.TokenType == JsonTokenType.Number && LeafGrammar.Fits(leaf, reader.ValueSpan))
        {
            writer.WritePropertyName(key);
            writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
        }
        else
        {
            withheld++;
        }
    }

    /// <summary>A list of which only the length passes, and of a command its base name.</summary>
    private void Counted(FieldNode node, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            Drop(ref reader);
            return;
        }

        writer.WriteStartArray(node.Encoded);
        var rest = 0;
        var position = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String && Text(ref reader, ref scratch) is var text)
            {
                if (Marker.IsCount(text) && rest == 0)
                {
                    writer.WriteStringValue(text);
                    position++;
                    continue;
                }

                if (node.Leaf == LeafType.Argv && position == 0)
                {
                    Argv0(text);
                    position++;
                    continue;
                }
            }
            else
            {
                reader.Skip();
            }

            position++;
            rest++;
        }

        if (rest > 0)
        {
            writer.WriteStringValue(Marker.ForCount(rest));
            withheld += rest;
        }

        writer.WriteEndArray();
    }

    private void Argv0(ReadOnlySpan<byte> text)
    {
        if (Marker.IsString(text))
        {
            writer.WriteStringValue(text);
        }
        else if (LeafGrammar.TryArgv0(text, out var name) && !Detectors.Hit(name))
        {
            writer.WriteStringValue(name);
        }
        else
        {
            WriteMarker(null, text);
            withheld++;
        }
    }
}
