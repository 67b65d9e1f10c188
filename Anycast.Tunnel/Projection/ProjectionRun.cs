using System.Text;
using System.Text.Json;

namespace Anycast.Tunnel.Projection;

/// <summary>One pass over one object: reads tokens, writes what may pass. Not thread-safe, used once.</summary>
internal sealed partial class ProjectionRun(RedactionSpecification specification, MessageTemplates templates, Utf8JsonWriter writer, string kind)
{
    private const int MaxMessage = 4096;
    private const int MaxMapEntries = 256;
    private byte[] scratch = [];
    private byte[] keyScratch = [];
    private string? component;
    private string? reason;
    private string? type;
    private int withheld;
    private int dropped;

    public ProjectionCounts Counts => new(withheld, dropped);

    public void Root(FieldNode root, ref Utf8JsonReader reader) => Object(root, ref reader, named: false, isRoot: true);

    private void Object(FieldNode node, ref Utf8JsonReader reader, bool named, bool isRoot = false)
    {
        Start(node, named);
        var (outerReason, outerType) = (reason, type);
        (reason, type) = (null, null);
        FieldNode? messageNode = null;
        FieldNode? secondNode = null;
        string? message = null;
        string? second = null;
        var seen = UInt128.Zero;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref reader, ref keyScratch);
            var child = node.Find(name);
            var isKind = isRoot && name.SequenceEqual("kind"u8);
            reader.Read();
            if (isKind)
            {
                CheckKind(ref reader);
            }

            if (child is null)
            {
                dropped += isKind || reader.TokenType == JsonTokenType.Null ? 0 : 1;
                reader.Skip();
                continue;
            }

            var bit = UInt128.One << child.Index;
            if ((seen & bit) != UInt128.Zero)
            {
                throw new ProjectionException("DuplicateName");
            }

            seen |= bit;
            if (child.Leaf != LeafType.Msg)
            {
                Field(child, ref reader, named: true);
            }
            else if (reader.TokenType != JsonTokenType.String)
            {
                Drop(ref reader);
            }
            else if (messageNode is null)
            {
                // Its reason may follow; the message is judged when the object is complete.
                (messageNode, message) = (child, Message(ref reader));
            }
            else
            {
                (secondNode, second) = (child, Message(ref reader));
            }
        }

        WriteMessage(messageNode, message);
        WriteMessage(secondNode, second);
        (reason, type) = (outerReason, outerType);
        writer.WriteEndObject();
    }

    private void Start(FieldNode node, bool named)
    {
        if (named)
        {
            writer.WriteStartObject(node.Encoded);
        }
        else
        {
            writer.WriteStartObject();
        }
    }

    private void CheckKind(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals(kind))
        {
            throw new ProjectionException("WrongKind");
        }
    }

    private void Field(FieldNode node, ref Utf8JsonReader reader, bool named)
    {
        switch (node.Leaf)
        {
            case LeafType.None when reader.TokenType == JsonTokenType.StartObject && node.IsObject:
                Object(node, ref reader, named);
                break;
            case LeafType.None when reader.TokenType == JsonTokenType.StartArray && node.Item is { } item:
                Array(node, item, ref reader);
                break;
            case LeafType.None:
                Drop(ref reader);
                break;
            case LeafType.Labels or LeafType.Keys or LeafType.Quantities or LeafType.Anns:
                Map(node, ref reader);
                break;
            case LeafType.Count or LeafType.Argv:
                Counted(node, ref reader);
                break;
            default:
                Scalar(node, ref reader, named);
                break;
        }
    }

    private void Array(FieldNode node, FieldNode item, ref Utf8JsonReader reader)
    {
        writer.WriteStartArray(node.Encoded);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Field(item, ref reader, named: false);
        }

        writer.WriteEndArray();
    }

    private void Scalar(FieldNode node, ref Utf8JsonReader reader, bool named)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                var text = Text(ref reader, ref scratch);
                if (!Write(node.Leaf, text, named ? node.Encoded : null))
                {
                    withheld++;
                }
                else if (node.Role != ContextRole.None)
                {
                    Remember(node.Role, Encoding.UTF8.GetString(text));
                }

                break;
            case JsonTokenType.Number when node.Leaf is LeafType.Int or LeafType.IntStr or LeafType.Port or LeafType.Quantity && LeafGrammar.Fits(node.Leaf, reader.ValueSpan):
                Name(node, named);
                writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                break;
            case JsonTokenType.True or JsonTokenType.False when node.Leaf == LeafType.Bool:
                Name(node, named);
                writer.WriteBooleanValue(reader.TokenType == JsonTokenType.True);
                break;
            case JsonTokenType.Null:
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                Drop(ref reader);
                break;
            default:
                withheld++;
                break;
        }
    }

    private void Name(FieldNode node, bool named)
    {
        if (named)
        {
            writer.WritePropertyName(node.Encoded);
        }
    }

    private void Remember(ContextRole role, string text)
    {
        switch (role)
        {
            case ContextRole.Component when text.Length > 0:
                component ??= text;
                break;
            case ContextRole.Reason:
                reason = text;
                break;
            case ContextRole.Type:
                type = text;
                break;
            default:
                break;
        }
    }

    /// <summary>Writes a text, or its marker. False when it was withheld.</summary>
    private bool Write(LeafType leaf, ReadOnlySpan<byte> text, JsonEncodedText? name)
    {
        var mayMark = leaf is not (LeafType.Int or LeafType.Bool or LeafType.Time or LeafType.Quantity or LeafType.IntStr);
        var cut = false;
        if (leaf == LeafType.Path && text.IndexOfAny((byte)'?', (byte)'#') is var query && query >= 0)
        {
            text = text[..query];
            cut = true;
        }

        if (mayMark && Marker.IsString(text))
        {
            WriteText(name, text);
            return true;
        }

        if (LeafGrammar.Fits(leaf, text) && !(LeafGrammar.NeedsDetectors(leaf) && (leaf == LeafType.Image ? Detectors.HitImage(text) : Detectors.Hit(text))))
        {
            WriteText(name, text);
            return !cut;
        }

        if (mayMark)
        {
            WriteMarker(name, text);
        }

        return false;
    }

    private void WriteText(JsonEncodedText? name, ReadOnlySpan<byte> text)
    {
        if (name is { } property)
        {
            writer.WritePropertyName(property);
        }

        writer.WriteStringValue(text);
    }

    private void WriteMarker(JsonEncodedText? name, ReadOnlySpan<byte> text)
    {
        Span<byte> marker = stackalloc byte[32];
        var length = Marker.Write(marker, Encoding.UTF8.GetCharCount(text));
        WriteText(name, marker[..length]);
    }

    private static string? Message(ref Utf8JsonReader reader) =>
        reader.ValueSpan.Length > MaxMessage * 2 ? null : reader.GetString();

    private void WriteMessage(FieldNode? node, string? message)
    {
        if (node is null)
        {
            return;
        }

        if (message is { Length: 0 } || (message is not null && Marker.IsString(Encoding.UTF8.GetBytes(message))))
        {
            writer.WriteString(node.Encoded, message);
            return;
        }

        var rendered = message is { Length: <= MaxMessage } ? templates.Render(node.Scope, component, reason, message) : null;
        if (rendered is null)
        {
            withheld++;
        }

        writer.WriteString(node.Encoded, rendered ?? Marker.ForString(message?.Length ?? MaxMessage));
    }

    private void Drop(ref Utf8JsonReader reader)
    {
        dropped += reader.TokenType == JsonTokenType.Null ? 0 : 1;
        reader.Skip();
    }

    private static ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, ref byte[] buffer)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan;
        }

        if (buffer.Length < reader.ValueSpan.Length)
        {
            buffer = new byte[Math.Max(256, reader.ValueSpan.Length)];
        }

        return buffer.AsSpan(0, reader.CopyString(buffer));
    }

    private static ulong Hash(ReadOnlySpan<byte> text)
    {
        // FNV-1a; a collision refuses the object of whoever made it, nothing else.
        var hash = 14695981039346656037UL;
        foreach (var b in text)
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return hash;
    }
}
