using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Admission;

/// <summary>Refuses what could not even be decoded into the kind's type: a text where a number belongs, a map where a list does.</summary>
internal static class TypeChecks
{
    private static readonly string[] _integers =
    [
        "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds", "parallelism", "completions", "backoffLimit",
        "activeDeadlineSeconds", "containerPort", "hostPort", "nodePort", "initialDelaySeconds", "periodSeconds", "timeoutSeconds",
        "failureThreshold", "successThreshold", "minReplicas", "maxReplicas", "terminationGracePeriodSeconds",
    ];

    private static readonly string[] _booleans = ["suspend", "paused", "unschedulable", "hostNetwork", "readOnly", "privileged", "optional"];

    private static readonly string[] _texts = ["image", "imagePullPolicy", "serviceAccountName", "storageClassName", "schedule", "ingressClassName"];

    private static readonly string[] _lists = ["containers", "initContainers", "env", "volumes", "volumeMounts", "ports", "taints", "tolerations"];

    private static readonly string[] _textMaps = ["labels", "annotations", "matchLabels", "nodeSelector"];

    public static void Check(KindInfo kind, JsonObject obj)
    {
        foreach (var (name, value) in obj)
        {
            if (name is "metadata" && value is not JsonObject)
            {
                throw Mismatch(kind, name, value, "v1.ObjectMeta");
            }

            if (name is "metadata" || (name is "spec" && !kind.Custom))
            {
                Walk(kind, value, name);
            }
        }
    }

    private static void Walk(KindInfo kind, JsonNode? node, string path)
    {
        switch (node)
        {
            case JsonArray array:
                foreach (var item in array)
                {
                    Walk(kind, item, path);
                }

                break;
            case JsonObject obj:
                foreach (var (name, value) in obj)
                {
                    Member(kind, name, value, $"{path}.{name}");
                }

                break;
        }
    }

    private static void Member(KindInfo kind, string name, JsonNode? value, string path)
    {
        if (value is null)
        {
            return;
        }

        var type = value.GetValueKind();
        if (_integers.Contains(name) && (type != JsonValueKind.Number || value.ToJsonString().Contains('.', StringComparison.Ordinal)))
        {
            throw Mismatch(kind, path, value, "int32");
        }

        if (_booleans.Contains(name) && type is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw Mismatch(kind, path, value, "bool");
        }

        if (_texts.Contains(name) && type is JsonValueKind.Number or JsonValueKind.Array && _texts.Contains(name))
        {
            throw Mismatch(kind, path, value, "string");
        }

        if (_lists.Contains(name) && type != JsonValueKind.Array)
        {
            throw Mismatch(kind, path, value, "[]" + name);
        }

        if (_textMaps.Contains(name) && value is JsonObject map && map.FirstOrDefault(p => p.Value is not null && p.Value.GetValueKind() != JsonValueKind.String) is { Value: { } odd })
        {
            throw Mismatch(kind, path, odd, "string");
        }

        if (!_textMaps.Contains(name))
        {
            Walk(kind, value, path);
        }
    }

    private static ApiException Mismatch(KindInfo kind, string path, JsonNode? value, string type)
    {
        var kindOfValue = value?.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            _ => "object",
        };
        return KubeErrors.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: json: cannot unmarshal {kindOfValue} into Go struct field .{path} of type {type}");
    }
}
