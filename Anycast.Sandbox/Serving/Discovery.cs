using System.Text.Json.Nodes;
using Anycast.Sandbox.Access;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>/api, /apis and /version: what is served, in the classic and the aggregated form.</summary>
internal sealed class Discovery(KindTable kinds)
{
    private static readonly string[] _verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <summary>The version the sandbox claims to be.</summary>
    public static JsonObject Version => new()
    {
        ["major"] = "1",
        ["minor"] = "32",
        ["gitVersion"] = "v1.32.4",
        ["gitCommit"] = "59526cd4867447956156ae3a602fcbac10a2c335",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2025-04-22T15:57:51Z",
        ["goVersion"] = "go1.23.6",
        ["compiler"] = "gc",
        ["platform"] = "linux/amd64",
    };

    /// <summary>Answers a discovery path; false when it is not one.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var aggregated = Aggregated(http);
        JsonObject? body = parts switch
        {
            ["api"] => aggregated is not null ? GroupDiscovery(aggregated, g => g.Length == 0) : ApiVersions(),
            ["apis"] => aggregated is not null ? GroupDiscovery(aggregated, g => g.Length > 0) : GroupList(),
            ["apis", var group] => Groups().Contains(group) ? GroupOf(group) : null,
            ["api", "v1"] => ResourceList("", "v1"),
            ["apis", var group, var version] => ResourceList(group, version),
            _ => null,
        };
        if (body is null)
        {
            return false;
        }

        var type = aggregated is not null && parts.Length == 1
            ? $"application/json;g=apidiscovery.k8s.io;v={aggregated};as=APIGroupDiscoveryList"
            : "application/json";
        await Reply.JsonAsync(http, body, 200, type);
        return true;
    }

    private static string? Aggregated(HttpContext http)
    {
        foreach (var type in http.Request.Headers.Accept.ToString().Split(','))
        {
            if (type.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal) && type.Contains("json", StringComparison.Ordinal))
            {
                return type.Contains("v=v2beta1", StringComparison.Ordinal) ? "v2beta1" : "v2";
            }
        }

        return null;
    }

    private IEnumerable<string> Groups() =>
        kinds.All.Select(k => k.Group).Concat(["authorization.k8s.io", "authentication.k8s.io"]).Distinct();

    private IEnumerable<string> Versions(string group) =>
        group is "authorization.k8s.io" or "authentication.k8s.io" ? ["v1"] : kinds.All.Where(k => k.Group == group).Select(k => k.Version).Distinct();

    private static JsonObject ApiVersions() => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(),
    };

    private JsonObject GroupList() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = Json.ToArray(Groups().Where(g => g.Length > 0).Select(g =>
        {
            var group = GroupOf(g);
            group.Remove("kind");
            group.Remove("apiVersion");
            return (JsonNode)group;
        })),
    };

    private JsonObject GroupOf(string group)
    {
        JsonObject Entry(string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };
        return new JsonObject
        {
            ["kind"] = "APIGroup",
            ["apiVersion"] = "v1",
            ["name"] = group,
            ["versions"] = Json.ToArray(Versions(group).Select(v => (JsonNode)Entry(v))),
            ["preferredVersion"] = Entry(Versions(group).First()),
        };
    }

    private JsonObject? ResourceList(string group, string version)
    {
        var resources = new JsonArray();
        foreach (var kind in kinds.All.Where(k => k.Group == group && k.Version == version))
        {
            resources.Add(Resource(kind));
            foreach (var (name, subKind, verbs) in Subresources(kind))
            {
                resources.Add(new JsonObject
                {
                    ["name"] = $"{kind.Plural}/{name}",
                    ["singularName"] = "",
                    ["namespaced"] = kind.Namespaced,
                    ["kind"] = subKind,
                    ["verbs"] = Verbs(verbs),
                });
            }
        }

        foreach (var (name, kind) in Reviews(group))
        {
            resources.Add(new JsonObject
            {
                ["name"] = name,
                ["singularName"] = kind.ToLowerInvariant(),
                ["namespaced"] = kind.StartsWith("Local", StringComparison.Ordinal),
                ["kind"] = kind,
                ["verbs"] = new JsonArray("create"),
            });
        }

        return resources.Count == 0 ? null : new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        };
    }

    private static JsonObject Resource(KindInfo kind)
    {
        var resource = new JsonObject
        {
            ["name"] = kind.Plural,
            ["singularName"] = kind.Singular,
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = Verbs(_verbs),
        };
        if (kind.ShortNames.Length > 0)
        {
            resource["shortNames"] = Json.ToArray(kind.ShortNames.Select(n => (JsonNode)n));
        }

        if (kind.Categories.Count > 0)
        {
            resource["categories"] = Json.ToArray(kind.Categories.Select(n => (JsonNode)n));
        }

        return resource;
    }

    private static IEnumerable<(string Name, string Kind, string[] Verbs)> Subresources(KindInfo kind)
    {
        if (kind.HasStatus)
        {
            yield return ("status", kind.Kind, ["get", "patch", "update"]);
        }

        if (kind.HasScale)
        {
            yield return ("scale", "Scale", ["get", "patch", "update"]);
        }

        foreach (var name in kind.Subresources)
        {
            yield return name switch
            {
                "log" => (name, kind.Kind, ["get"]),
                "eviction" => (name, "Eviction", ["create"]),
                "finalize" => (name, kind.Kind, ["update"]),
                _ => (name, kind.Kind, ["create", "get"]),
            };
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Reviews(string group) => group switch
    {
        "authorization.k8s.io" => AccessReviews.Kinds.Where(p => p.Key != "selfsubjectreviews"),
        "authentication.k8s.io" => AccessReviews.Kinds.Where(p => p.Key == "selfsubjectreviews"),
        _ => [],
    };

    private JsonObject GroupDiscovery(string version, Func<string, bool> wanted)
    {
        var items = Groups().Where(wanted).Select(group => (JsonNode)new JsonObject
        {
            ["metadata"] = group.Length == 0 ? new JsonObject() : new JsonObject { ["name"] = group },
            ["versions"] = Json.ToArray(Versions(group).Select(v => (JsonNode)new JsonObject
            {
                ["version"] = v,
                ["resources"] = Json.ToArray(AggregatedResources(group, v)),
                ["freshness"] = "Current",
            })),
        });
        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
            ["metadata"] = new JsonObject(),
            ["items"] = Json.ToArray(items),
        };
    }

    private IEnumerable<JsonNode> AggregatedResources(string group, string version)
    {
        static JsonObject Type(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };
        foreach (var kind in kinds.All.Where(k => k.Group == group && k.Version == version))
        {
            yield return new JsonObject
            {
                ["resource"] = kind.Plural,
                ["responseKind"] = Type(group, version, kind.Kind),
                ["scope"] = kind.Namespaced ? "Namespaced" : "Cluster",
                ["singularResource"] = kind.Singular,
                ["verbs"] = Verbs(_verbs),
                ["shortNames"] = Json.ToArray(kind.ShortNames.Select(n => (JsonNode)n)),
                ["categories"] = Json.ToArray(kind.Categories.Select(n => (JsonNode)n)),
                ["subresources"] = Json.ToArray(Subresources(kind).Select(s => (JsonNode)new JsonObject
                {
                    ["subresource"] = s.Name,
                    ["responseKind"] = s.Kind == "Scale" ? Type("autoscaling", "v1", "Scale") : s.Kind == "Eviction" ? Type("policy", "v1", "Eviction") : Type(group, version, s.Kind),
                    ["verbs"] = Verbs(s.Verbs),
                })),
            };
        }

        foreach (var (name, kind) in Reviews(group))
        {
            yield return new JsonObject
            {
                ["resource"] = name,
                ["responseKind"] = Type(group, version, kind),
                ["scope"] = kind.StartsWith("Local", StringComparison.Ordinal) ? "Namespaced" : "Cluster",
                ["singularResource"] = kind.ToLowerInvariant(),
                ["verbs"] = new JsonArray("create"),
            };
        }
    }

    private static JsonArray Verbs(IEnumerable<string> verbs) => Json.ToArray(verbs.Select(v => (JsonNode)v));
}
