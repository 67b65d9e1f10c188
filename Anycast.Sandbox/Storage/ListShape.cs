using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Storage;

/// <summary>
/// How lists merge: by key, as a set, or as a whole. Follows <c>x-kubernetes-list-map-keys</c> and <c>patchMergeKey</c>
/// of the Kubernetes API for the fields that workloads use; what is not listed is replaced as a whole.
/// </summary>
internal static class ListShape
{
    private static readonly Dictionary<string, string[]> _keys = new(StringComparer.Ordinal)
    {
        ["containers"] = ["name"],
        ["initContainers"] = ["name"],
        ["ephemeralContainers"] = ["name"],
        ["env"] = ["name"],
        ["volumes"] = ["name"],
        ["volumeMounts"] = ["mountPath"],
        ["volumeDevices"] = ["devicePath"],
        ["imagePullSecrets"] = ["name"],
        ["secrets"] = ["name"],
        ["conditions"] = ["type"],
        ["ownerReferences"] = ["uid"],
        ["hostAliases"] = ["ip"],
        ["podIPs"] = ["ip"],
        ["hostIPs"] = ["ip"],
        ["addresses"] = ["type"],
        ["topologySpreadConstraints"] = ["topologyKey", "whenUnsatisfiable"],
        ["resourceClaims"] = ["name"],
        ["volumeClaimTemplates"] = [],
    };

    /// <summary>The key members of a list's elements; empty for a list that is replaced as a whole.</summary>
    public static string[] KeysOf(string field, JsonArray list)
    {
        if (field == "ports" && list.FirstOrDefault() is JsonObject first)
        {
            return first.ContainsKey("containerPort") ? ["containerPort", "protocol"]
                : first.ContainsKey("port") && !first.ContainsKey("podSelector") ? ["port", "protocol"]
                : [];
        }

        return _keys.TryGetValue(field, out var keys) && list.All(e => e is JsonObject o && o.ContainsKey(keys.FirstOrDefault() ?? "")) ? keys : [];
    }

    /// <summary>The one member by which a strategic merge patch addresses elements; null for lists replaced as a whole.</summary>
    public static string? MergeKeyOf(string field, JsonArray patch, JsonArray? original)
    {
        if (field == "taints")
        {
            return "key";
        }

        if (field == "ports")
        {
            var sample = original?.FirstOrDefault() ?? patch.FirstOrDefault(e => e is JsonObject o && !o.ContainsKey("$patch")) ?? patch.FirstOrDefault();
            return sample is not JsonObject port ? null : port.ContainsKey("containerPort") ? "containerPort" : port.ContainsKey("port") ? "port" : null;
        }

        return field == "topologySpreadConstraints" ? "topologyKey" : _keys.TryGetValue(field, out var keys) ? keys.FirstOrDefault() : null;
    }

    /// <summary>Lists of plain values that merge as sets.</summary>
    public static bool IsSet(string field) => field == "finalizers";

    /// <summary>The key of an element, as FieldsV1 writes it: <c>{"name":"web"}</c>. A port's missing protocol is TCP.</summary>
    public static string KeyText(JsonObject element, string[] keys)
    {
        var key = new JsonObject();
        foreach (var name in keys)
        {
            key[name] = element[name]?.DeepClone() ?? (name == "protocol" ? "TCP" : null);
        }

        return key.ToJsonString();
    }
}
