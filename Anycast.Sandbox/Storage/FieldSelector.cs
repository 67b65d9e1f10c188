using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;

namespace Anycast.Sandbox.Storage;

/// <summary>A field selector (<c>status.phase!=Running,spec.nodeName=worker-1</c>) over the fields that Kubernetes offers for the kind.</summary>
internal sealed class FieldSelector
{
    private static readonly Dictionary<string, string[]> _fields = new(StringComparer.Ordinal)
    {
        ["Pod"] = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
        ["Event"] =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
        ["Node"] = ["spec.unschedulable"],
        ["Namespace"] = ["status.phase"],
        ["Secret"] = ["type"],
        ["Service"] = ["spec.clusterIP", "spec.type"],
        ["ReplicaSet"] = ["status.replicas"],
        ["ReplicationController"] = ["status.replicas"],
        ["Job"] = ["status.successful"],
    };

    private readonly List<(string Path, bool Equal, string Value)> _terms = [];

    public bool IsEmpty => _terms.Count == 0;

    /// <summary>The name that <c>metadata.name=x</c> asks for, or null.</summary>
    public string? Name => _terms.FirstOrDefault(t => t is { Path: "metadata.name", Equal: true }) is { Value: { } value } ? value : null;

    /// <summary>Parses a selector; <paramref name="error"/> says what is wrong, in the words of Kubernetes.</summary>
    public static FieldSelector? Parse(string text, KindInfo kind, out string error)
    {
        var selector = new FieldSelector();
        foreach (var term in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = term.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                error = $"invalid selector: '{text}'; can't understand '{term}'";
                return null;
            }

            var equal = term[at - 1] != '!';
            var path = term[..(equal ? at : at - 1)].Trim();
            if (path is not ("metadata.name" or "metadata.namespace") && !(_fields.TryGetValue(kind.Kind, out var known) && known.Contains(path)))
            {
                error = $"field label not supported: {path}";
                return null;
            }

            selector._terms.Add((path, equal, term[(at + 1)..].TrimStart('=').Trim()));
        }

        error = "";
        return selector;
    }

    public bool Matches(StoredObject obj) => _terms.All(t => (Value(obj, t.Path) == t.Value) == t.Equal);

    private static string Value(StoredObject obj, string path) => path switch
    {
        "metadata.name" => obj.Name,
        "metadata.namespace" => obj.Namespace,
        "spec.nodeName" when obj.Pod is { } pod => pod.NodeName,
        "status.phase" when obj.Pod is { } pod => pod.Phase,
        "source" => obj.Json.Str("source", "component"),
        "spec.unschedulable" or "spec.hostNetwork" => Json.At(obj.Json, path.Split('.')) is JsonValue ? Json.Str(obj.Json, path.Split('.')) : "false",
        "status.successful" => obj.Json.Str("status", "succeeded"),
        _ => Json.Str(obj.Json, path.Split('.')),
    };
}
