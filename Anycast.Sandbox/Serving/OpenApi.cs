using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>
/// /openapi/v3: enough for kubectl to learn that the server validates fields itself (the <c>fieldValidation</c> parameter),
/// so that <c>kubectl apply</c> and <c>create</c> work unchanged. Schemas describe type and metadata only.
/// </summary>
internal sealed class OpenApi(KindTable kinds)
{
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
            schemas[SchemaName(kind)] = new JsonObject
            {
                ["type"] = "object",
                ["x-kubernetes-group-version-kind"] = new JsonArray(Type(kind)),
                ["properties"] = new JsonObject
                {
                    ["apiVersion"] = new JsonObject { ["type"] = "string" },
                    ["kind"] = new JsonObject { ["type"] = "string" },
                    ["metadata"] = new JsonObject { ["type"] = "object" },
                    ["spec"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
                    ["status"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
                },
            };
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.Version.Str("gitVersion") },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

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

    private static string SchemaName(KindInfo kind) => $"io.k8s.api.{(kind.Group.Length == 0 ? "core" : kind.Group.Split('.')[0])}.{kind.Version}.{kind.Kind}";
}
