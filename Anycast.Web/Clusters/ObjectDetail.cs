using System.Globalization;
using System.Text.Json;

namespace Anycast.Web.Clusters;

/// <summary>A fact of an object: a text key and its value, with a link's target when the value names another object.</summary>
public sealed record ObjectFact(string Key, string Value, string? Kind = null);

/// <summary>A condition as its controller reports it.</summary>
public sealed record ObjectCondition(string Type, string Status, string Reason, DateTimeOffset? Since);

/// <summary>A container with what is known of its state.</summary>
public sealed record ObjectContainer(string Name, string Image, bool Init, string State, string Reason, bool? Ready, int? Restarts, string Requests, string Limits);

/// <summary>What an object's page shows of it, taken from the projected JSON. All values are texts to be shown as such.</summary>
public sealed record ObjectDetail(
    DateTimeOffset? Created,
    string Uid,
    IReadOnlyList<ObjectFact> Facts,
    IReadOnlyList<KeyValuePair<string, string>> Labels,
    IReadOnlyList<ObjectCondition> Conditions,
    IReadOnlyList<ObjectContainer> Containers,
    IReadOnlyList<(string Kind, string Name)> Owners)
{
    private const int Most = 100;

    /// <summary>Plain leaves worth a line, by kind-independent path and text key.</summary>
    private static readonly (string Path, string Key, string? Kind)[] s_facts =
    [
        ("status.phase", "Phase", null), ("status.reason", "Reason", null), ("spec.nodeName", "Node", "Node"), ("status.podIP", "PodIp", null), ("status.hostIP", "HostIp", null),
        ("status.qosClass", "Qos", null), ("spec.serviceAccountName", "ServiceAccount", null), ("spec.replicas", "Replicas", null), ("status.readyReplicas", "ReadyReplicas", null),
        ("spec.strategy.type", "Strategy", null), ("spec.updateStrategy.type", "Strategy", null), ("spec.progressDeadlineSeconds", "Deadline", null),
        ("spec.type", "Type", null), ("spec.clusterIP", "ClusterIp", null), ("spec.schedule", "Schedule", null), ("spec.suspend", "Suspended", null),
        ("spec.storageClassName", "StorageClass", null), ("spec.volumeName", "Volume", null), ("spec.resources.requests.storage", "Size", null), ("status.capacity.storage", "Capacity", null),
        ("spec.ingressClassName", "IngressClass", null), ("spec.unschedulable", "Unschedulable", null), ("status.nodeInfo.kubeletVersion", "Version", null),
        ("status.nodeInfo.osImage", "Os", null), ("status.nodeInfo.architecture", "Architecture", null), ("status.allocatable.cpu", "Cpu", null), ("status.allocatable.memory", "Memory", null),
        ("metadata.generation", "Generation", null), ("status.observedGeneration", "Observed", null),
    ];

    public static ObjectDetail Of(JsonElement root)
    {
        var pod = Find(root, "spec.template.spec") ?? Find(root, "spec.jobTemplate.spec.template.spec") ?? Find(root, "spec");
        return new ObjectDetail(
            Instant(Text(root, "metadata.creationTimestamp")),
            Text(root, "metadata.uid"),
            [.. s_facts.Select(f => new ObjectFact(f.Key, Text(root, f.Path), f.Kind)).Where(f => f.Value.Length > 0)],
            [.. Fields(Find(root, "metadata.labels")).Take(Most)],
            [.. Items(Find(root, "status.conditions")).Take(Most).Select(c => new ObjectCondition(Text(c, "type"), Text(c, "status"), Text(c, "reason"), Instant(Text(c, "lastTransitionTime"))))],
            [.. ReadContainers(pod, "initContainers", root, "initContainerStatuses", true), .. ReadContainers(pod, "containers", root, "containerStatuses", false)],
            [.. Items(Find(root, "metadata.ownerReferences")).Take(10).Select(o => (Text(o, "kind"), Text(o, "name")))]);
    }

    private static IEnumerable<ObjectContainer> ReadContainers(JsonElement? spec, string field, JsonElement root, string statusField, bool init)
    {
        var statuses = Items(Find(root, "status." + statusField)).ToList();
        foreach (var container in Items(spec is { } s ? Find(s, field) : null).Take(Most))
        {
            var name = Text(container, "name");
            var status = statuses.FirstOrDefault(x => Text(x, "name") == name);
            var known = status.ValueKind == JsonValueKind.Object;
            var state = known ? Fields(Find(status, "state"), leaves: false).Select(f => f.Key).FirstOrDefault() ?? "" : "";
            yield return new ObjectContainer(
                name, Text(container, "image"), init, state, known ? Text(status, $"state.{state}.reason") : "",
                known ? Text(status, "ready") == "true" : null,
                known && int.TryParse(Text(status, "restartCount"), CultureInfo.InvariantCulture, out var restarts) ? restarts : null,
                Pairs(Find(container, "resources.requests")), Pairs(Find(container, "resources.limits")));
        }
    }

    private static string Pairs(JsonElement? map) => string.Join(", ", Fields(map).Take(6).Select(f => $"{f.Key} {f.Value}"));

    private static IEnumerable<KeyValuePair<string, string>> Fields(JsonElement? at, bool leaves = true) => at is { ValueKind: JsonValueKind.Object } map
        ? map.EnumerateObject().Where(f => !leaves || f.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
            .Select(f => KeyValuePair.Create(f.Name, leaves ? Leaf(f.Value) : ""))
        : [];

    private static IEnumerable<JsonElement> Items(JsonElement? at) => at is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.Object) : [];

    private static string Text(JsonElement at, string path) => Find(at, path) is { } leaf ? Leaf(leaf) : "";

    private static string Leaf(JsonElement at) => at.ValueKind switch
    {
        JsonValueKind.String => at.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => at.GetRawText(),
        _ => "",
    };

    private static JsonElement? Find(JsonElement at, string path)
    {
        foreach (var field in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(field, out at))
            {
                return null;
            }
        }

        return at;
    }

    private static DateTimeOffset? Instant(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
