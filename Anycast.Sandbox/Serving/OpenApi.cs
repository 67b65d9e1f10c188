using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Schema;
using Anycast.Sandbox.Storage;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>
/// /openapi/v3: the types of the served kinds for <c>kubectl explain</c>, and the <c>fieldValidation</c> parameter, from which kubectl
/// learns that the server validates fields itself.
/// </summary>
internal sealed class OpenApi(KindTable kinds)
{
    private const string Reference = "#/components/schemas/";

    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        if (path == "/openapi/v3")
        {
            var paths = new JsonObject();
            foreach (var prefix in kinds.All.Select(Prefix).Distinct())
            {
                paths[prefix] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{prefix}" };
            }

            await Reply.JsonAsync(http, new JsonObject { ["paths"] = paths });
            return true;
        }

        var served = kinds.All.Where(k => "/openapi/v3/" + Prefix(k) == path).ToList();
        if (served.Count == 0)
        {
            return false;
        }

        await Reply.JsonAsync(http, Document(served));
        return true;
    }

    private static string Prefix(KindInfo kind) => kind.Group.Length == 0 ? "api/v1" : $"apis/{kind.ApiVersion}";

    private static JsonObject Document(List<KindInfo> kinds)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject();
        foreach (var kind in kinds)
        {
            var root = kind.Namespaced ? $"/{Prefix(kind)}/namespaces/{{namespace}}/{kind.Plural}" : $"/{Prefix(kind)}/{kind.Plural}";
            paths[root] = new JsonObject { ["post"] = Operation(kind) };
            paths[root + "/{name}"] = new JsonObject { ["get"] = Operation(kind), ["put"] = Operation(kind), ["patch"] = Operation(kind) };
            AddKind(kind, schemas);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.Version.Str("gitVersion") },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static void AddKind(KindInfo kind, JsonObject schemas)
    {
        JsonObject schema;
        if (Schemas.Of(kind) is { } type)
        {
            AddType(type, schemas);
            schema = (JsonObject)schemas[type.Name]!;
        }
        else
        {
            AddType(Schemas.ObjectMeta, schemas);
            schema = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["metadata"] = Referred(Schemas.ObjectMeta) },
                ["x-kubernetes-preserve-unknown-fields"] = true,
            };
            schemas[$"{kind.Group}.{kind.Version}.{kind.Kind}"] = schema;
        }

        schema["x-kubernetes-group-version-kind"] = new JsonArray(Type(kind));
        schema.Ensure("properties")["apiVersion"] = Text("APIVersion defines the versioned schema of this representation of an object.");
        schema.Ensure("properties")["kind"] = Text("Kind is a string value representing the REST resource this object represents.");
    }

    private static void AddType(SchemaType type, JsonObject schemas)
    {
        if (schemas.ContainsKey(type.Name))
        {
            return;
        }

        var properties = new JsonObject();
        schemas[type.Name] = new JsonObject { ["type"] = "object", ["description"] = type.Description, ["properties"] = properties };
        foreach (var field in type.Members.Values)
        {
            if (field.Type is { } inner)
            {
                AddType(inner, schemas);
            }

            properties[field.Name] = Property(field);
        }
    }

    private static JsonObject Property(SchemaField field)
    {
        var one = field.Type is { } type ? Referred(type) : Scalar(field.Scalar);
        var property = field.Shape switch
        {
            FieldShape.List => new JsonObject { ["type"] = "array", ["items"] = one },
            FieldShape.Map => new JsonObject { ["type"] = "object", ["additionalProperties"] = one },
            _ when field.Type is not null => new JsonObject { ["allOf"] = new JsonArray(one) },
            _ => one,
        };
        property["description"] = field.Description;
        return property;
    }

    private static JsonObject Referred(SchemaType type) => new() { ["$ref"] = Reference + type.Name };

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };

    private static JsonObject Scalar(string scalar) => scalar switch
    {
        "bool" => new() { ["type"] = "boolean" },
        "int32" or "int64" => new() { ["type"] = "integer", ["format"] = scalar },
        "bytes" => new() { ["type"] = "string", ["format"] = "byte" },
        "time" or "microtime" => new() { ["type"] = "string", ["format"] = "date-time" },
        "any" => new() { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
        "list:string" => new() { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } },
        "intorstring" => new() { ["format"] = "int-or-string", ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }) },
        _ => new() { ["type"] = "string" },
    };

    private static JsonObject Operation(KindInfo kind) => new()
    {
        ["x-kubernetes-group-version-kind"] = Type(kind),
        ["parameters"] = Json.ToArray(new[] { "dryRun", "fieldManager", "fieldValidation", "pretty" }.Select(name => (JsonNode)new JsonObject
        {
            ["name"] = name,
            ["in"] = "query",
            ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
        })),
        ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
    };

    private static JsonObject Type(KindInfo kind) => new() { ["group"] = kind.Group, ["kind"] = kind.Kind, ["version"] = kind.Version };
}
