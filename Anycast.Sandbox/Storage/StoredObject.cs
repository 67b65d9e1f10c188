using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;

namespace Anycast.Sandbox.Storage;

/// <summary>Namespace (empty for cluster-scoped kinds) and name; ordered as etcd orders keys.</summary>
public readonly record struct ObjectKey(string Namespace, string Name) : IComparable<ObjectKey>
{
    /// <inheritdoc/>
    public int CompareTo(ObjectKey other)
    {
        var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
    }

    public static bool operator <(ObjectKey left, ObjectKey right) => left.CompareTo(right) < 0;

    public static bool operator >(ObjectKey left, ObjectKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(ObjectKey left, ObjectKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ObjectKey left, ObjectKey right) => left.CompareTo(right) >= 0;
}

/// <summary>
/// One revision of one object: never changed, replaced by the next revision. It keeps its UTF-8 form (without kind and
/// apiVersion, as list items are sent), so that lists of thousands are copied and not serialised; the tree is parsed when asked for.
/// </summary>
internal sealed class StoredObject
{
    private JsonObject? _own;
    private WeakReference<JsonObject>? _parsed;

    public required KindInfo Kind { get; init; }

    public required ObjectKey Key { get; init; }

    public required string Uid { get; init; }

    public required long ResourceVersion { get; init; }

    public required byte[] Utf8 { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The controlling owner; null when there is none.</summary>
    public OwnerKey? Owner { get; init; }

    /// <summary>UID of the controlling owner, or empty.</summary>
    public string ControllerUid => Owner?.Uid ?? "";

    /// <summary>Any owner reference or finalizer is set, or deletion has begun: worth a look by the garbage collector.</summary>
    public required bool HasOwners { get; init; }

    public required bool Deleting { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>What scheduler and services ask of every pod; null for other kinds.</summary>
    public PodFacts? Pod { get; init; }

    public string Namespace => Key.Namespace;

    public string Name => Key.Name;

    /// <summary>
    /// The tree, shared by all readers: not to be changed. A revision that was written keeps the tree it was written from;
    /// those loaded by the thousand keep bytes only and are parsed when asked for.
    /// </summary>
    public JsonObject Json
    {
        get
        {
            if (_own is not null)
            {
                return _own;
            }

            if (_parsed is not null && _parsed.TryGetTarget(out var parsed))
            {
                return parsed;
            }

            var tree = Copy();
            _parsed = new WeakReference<JsonObject>(tree);
            return tree;
        }
    }

    /// <summary>Takes over the tree this revision was made from.</summary>
    public StoredObject Keep(JsonObject tree)
    {
        _own = tree;
        return this;
    }

    /// <summary>A tree of its own, for a change.</summary>
    public JsonObject Copy() => (JsonObject)JsonNode.Parse(Full())!;

    /// <summary>The UTF-8 form with kind and apiVersion, as a single object is sent.</summary>
    public byte[] Full() => [.. Kind.TypeHeader, .. Utf8.AsSpan(1)];
}

/// <summary>The owner that controls an object.</summary>
internal sealed record OwnerKey(string Kind, string Name, string Uid)
{
    public static OwnerKey? Of(JsonObject metadata)
    {
        foreach (var owner in metadata.Items("ownerReferences"))
        {
            if (owner.Bool("controller"))
            {
                return new OwnerKey(owner.Str("kind"), owner.Str("name"), owner.Str("uid"));
            }
        }

        return null;
    }
}

/// <summary>What is asked of pods by the thousand, taken out once per revision.</summary>
internal sealed record PodFacts(string NodeName, string Phase, bool Ready, long CpuMillis, long MemoryBytes)
{
    public bool Finished => Phase is "Succeeded" or "Failed";

    public static PodFacts Of(JsonObject pod)
    {
        long cpu = 0, memory = 0;
        foreach (var container in pod.Items("spec", "containers"))
        {
            cpu += Quantity.Millis(container.Str("resources", "requests", "cpu"));
            memory += Quantity.Units(container.Str("resources", "requests", "memory"));
        }

        return new PodFacts(
            pod.Str("spec", "nodeName"),
            pod.Str("status", "phase"),
            pod.Items("status", "conditions").Any(c => c.Str("type") == "Ready" && c.Str("status") == "True"),
            cpu,
            memory);
    }
}
