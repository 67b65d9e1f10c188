using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Schema;

/// <summary>
/// Reads <c>application/vnd.kubernetes.protobuf</c>, which kubectl sends for built-in kinds, into the JSON form of the same object
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding). Answers are always JSON, which it accepts too.
/// </summary>
internal static class ProtobufReader
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    /// <summary>The first bytes of the envelope.</summary>
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>Reads an enveloped object.</summary>
    /// <exception cref="FormatException">Not this format, or not a kind that is known.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic))
        {
            throw new FormatException("the provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        string apiVersion = "", kind = "";
        ReadOnlySpan<byte> raw = [];
        var envelope = new WireReader(bytes[Magic.Length..]);
        while (envelope.Next())
        {
            if (envelope.Field == 1)
            {
                var type = new WireReader(envelope.Bytes);
                while (type.Next())
                {
                    var text = Encoding.UTF8.GetString(type.Bytes);
                    (apiVersion, kind) = type.Field == 1 ? (text, kind) : (apiVersion, text);
                }
            }
            else if (envelope.Field == 2)
            {
                raw = envelope.Bytes;
            }
        }

        var schema = Schemas.Of(apiVersion, kind) ?? throw new FormatException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        var result = new JsonObject { ["kind"] = kind, ["apiVersion"] = apiVersion };
        Message(schema, raw, result);
        return result;
    }

    private static void Message(SchemaType type, ReadOnlySpan<byte> bytes, JsonObject into)
    {
        var reader = new WireReader(bytes);
        while (reader.Next())
        {
            var number = reader.Field;
            if (type.Fields.Find(f => f.Number == number) is not { } field)
            {
                continue;
            }

            switch (field.Shape)
            {
                case FieldShape.List:
                    into.EnsureArray(field.Name).Add(Value(field, ref reader));
                    break;
                case FieldShape.Map:
                    var (key, value) = Entry(field, reader.Bytes);
                    into.Ensure(field.Name)[key] = value;
                    break;
                case FieldShape.One when field.Inline:
                    Message(field.Type!, reader.Bytes, into);
                    break;
                case FieldShape.One when Value(field, ref reader) is var one && !(field.Optional && IsZero(one)):
                    into[field.Name] = one;
                    break;
            }
        }
    }

    private static (string Key, JsonNode? Value) Entry(SchemaField field, ReadOnlySpan<byte> bytes)
    {
        var key = "";
        JsonNode? value = null;
        var reader = new WireReader(bytes);
        while (reader.Next())
        {
            if (reader.Field == 1)
            {
                key = Encoding.UTF8.GetString(reader.Bytes);
            }
            else
            {
                value = Value(field, ref reader);
            }
        }

        return (key, value);
    }

    private static JsonNode? Value(SchemaField field, ref WireReader reader)
    {
        switch (field.Scalar)
        {
            case "string":
                return Encoding.UTF8.GetString(reader.Bytes);
            case "bool":
                return reader.Number != 0;
            case "int32" or "int64":
                return (long)reader.Number;
            case "bytes":
                return Convert.ToBase64String(reader.Bytes);
            case "quantity":
                return Parts(reader.Bytes).Text;
            case "any":
                return JsonNode.Parse(Parts(reader.Bytes, 1).Text ?? "null");
            case "time" or "microtime":
                var (seconds, nanos, _) = Parts(reader.Bytes);
                var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100);
                return seconds == 0 && nanos == 0 ? null : field.Scalar == "time" ? Json.Stamp(time) : Json.MicroStamp(time);
            case "intorstring":
                var (type, number, text) = Parts(reader.Bytes, 3);
                return type == 0 ? number : text ?? "";
            case "list:string":
                var list = new JsonArray();
                var items = new WireReader(reader.Bytes);
                while (items.Next())
                {
                    list.Add(Encoding.UTF8.GetString(items.Bytes));
                }

                return list;
            default:
                var result = new JsonObject();
                Message(field.Type!, reader.Bytes, result);
                return result;
        }
    }

    /// <summary>The members of the small messages that have a JSON form of their own: numbers 1 and 2, and the text.</summary>
    private static (long First, long Second, string? Text) Parts(ReadOnlySpan<byte> bytes, int textAt = 1)
    {
        long first = 0, second = 0;
        string? text = null;
        var reader = new WireReader(bytes);
        while (reader.Next())
        {
            if (reader.IsBytes && reader.Field == textAt)
            {
                text = Encoding.UTF8.GetString(reader.Bytes);
            }
            else if (reader.Field == 1)
            {
                first = (long)reader.Number;
            }
            else
            {
                second = (long)reader.Number;
            }
        }

        return (first, second, text);
    }

    private static bool IsZero(JsonNode? node) => node switch
    {
        null => true,
        JsonObject obj => obj.Count == 0,
        JsonArray array => array.Count == 0,
        _ => node.ToJsonString() is "\"\"" or "0" or "false",
    };
}
