using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Schema;

/// <summary>
/// What decoding into the kind's type would do to an object: a value of another type is refused, an unknown field is dropped
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation).
/// </summary>
internal static class FieldCheck
{
    /// <summary>Drops fields the kind does not have and answers their paths.</summary>
    /// <exception cref="ApiException">A field holds what its type can't.</exception>
    public static IReadOnlyList<string> Prune(KindInfo kind, JsonObject obj)
    {
        var unknown = new List<string>();
        if (Schemas.Of(kind) is { } type)
        {
            Members(kind, type, obj, "", unknown);
        }
        else if (obj["metadata"] is { } metadata)
        {
            Check(kind, new SchemaField(0, "metadata", FieldShape.One, "", false, false, "") { Type = Schemas.ObjectMeta }, metadata, "metadata", unknown, kind.Kind);
        }

        return unknown;
    }

    private static void Members(KindInfo kind, SchemaType type, JsonObject obj, string path, List<string> unknown)
    {
        foreach (var (name, value) in obj.ToList())
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (type.Members.GetValueOrDefault(name) is { } field)
            {
                Check(kind, field, value, at, unknown, type.ShortName);
            }
            else if (!(name is ("kind" or "apiVersion") && type.IsObject))
            {
                unknown.Add(at);
                obj.Remove(name);
            }
        }
    }

    private static void Check(KindInfo kind, SchemaField field, JsonNode? value, string path, List<string> unknown, string owner)
    {
        if (value is null)
        {
            return;
        }

        switch (field.Shape)
        {
            case FieldShape.List:
                var list = value as JsonArray ?? throw Mismatch(kind, owner, path, value, $"[]{TypeName(field)}");
                for (var i = 0; i < list.Count; i++)
                {
                    One(kind, field, list[i], $"{path}[{i}]", unknown, owner);
                }

                break;
            case FieldShape.Map:
                var map = value as JsonObject ?? throw Mismatch(kind, owner, path, value, $"map[string]{TypeName(field)}");
                foreach (var (key, item) in map)
                {
                    One(kind, field, item, $"{path}.{key}", unknown, owner);
                }

                break;
            default:
                One(kind, field, value, path, unknown, owner);
                break;
        }
    }

    private static void One(KindInfo kind, SchemaField field, JsonNode? value, string path, List<string> unknown, string owner)
    {
        if (value is null)
        {
            return;
        }

        if (field.Type is { } type)
        {
            Members(kind, type, value as JsonObject ?? throw Mismatch(kind, owner, path, value, TypeName(field)), path, unknown);
        }
        else if (!Fits(field.Scalar, value))
        {
            throw Mismatch(kind, owner, path, value, TypeName(field));
        }
    }

    private static bool Fits(string scalar, JsonNode value)
    {
        var kind = value.GetValueKind();
        return scalar switch
        {
            "string" or "bytes" or "time" or "microtime" => kind == JsonValueKind.String,
            "bool" => kind is JsonValueKind.True or JsonValueKind.False,
            "int32" => kind == JsonValueKind.Number && int.TryParse(value.ToJsonString(), out _),
            "int64" => kind == JsonValueKind.Number && long.TryParse(value.ToJsonString(), out _),
            "quantity" => kind is JsonValueKind.String or JsonValueKind.Number,
            "intorstring" => kind == JsonValueKind.String || (kind == JsonValueKind.Number && int.TryParse(value.ToJsonString(), out _)),
            "list:string" => value is JsonArray list && list.All(v => v?.GetValueKind() == JsonValueKind.String),
            _ => true,
        };
    }

    private static string TypeName(SchemaField field) => field.Type?.Name ?? field.Scalar switch
    {
        "time" => "v1.Time",
        "microtime" => "v1.MicroTime",
        "quantity" => "resource.Quantity",
        "intorstring" => "intstr.IntOrString",
        "list:string" => "[]string",
        var scalar => scalar,
    };

    private static ApiException Mismatch(KindInfo kind, string owner, string path, JsonNode value, string type)
    {
        var kindOfValue = value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            _ => "object",
        };
        return KubeErrors.BadRequest(
            $"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: json: cannot unmarshal {kindOfValue} into Go struct field {owner}.{path} of type {type}");
    }
}
