using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox;

/// <summary>Direct access to the sandbox's objects, past access rules, admission and validation. Objects come and go as copies.</summary>
public sealed class SandboxStore
{
    private readonly ObjectStore _store;

    internal SandboxStore(ObjectStore store)
    {
        _store = store;
    }

    /// <summary>The newest resource version.</summary>
    public long ResourceVersion => _store.Version;

    /// <summary>One object by kind (<c>Deployment</c> or <c>deployments</c>); null when it is not there.</summary>
    public JsonObject? Get(string kind, string ns, string name) => _store.Find(KindOf(kind), ns, name)?.Copy();

    /// <summary>All objects of a kind, of one namespace or of all.</summary>
    public IReadOnlyList<JsonObject> List(string kind, string? ns = null) => [.. _store.List(KindOf(kind), ns).Select(o => o.Copy())];

    /// <summary>How many objects of a kind there are.</summary>
    public int Count(string kind) => _store.Snapshot(KindOf(kind)).Objects.Count;

    /// <summary>Creates or replaces an object as it stands, status included; answers the stored form.</summary>
    public JsonObject Upsert(JsonObject obj)
    {
        var kind = _store.Kinds.ByType(obj.Str("apiVersion"), obj.Str("kind")) ?? throw new ArgumentException($"The sandbox does not know {obj.Str("apiVersion")} {obj.Str("kind")}.", nameof(obj));
        var key = new ObjectKey(kind.Namespaced ? obj.Str("metadata", "namespace") : "", obj.Str("metadata", "name"));
        return _store.Write(kind, key, _ => obj.Clone(), new WriteBy("sandbox", WritePart.Everything))!.Copy();
    }

    /// <summary>Changes an object in place; false when it is not there.</summary>
    public bool Change(string kind, string ns, string name, Action<JsonObject> change)
    {
        var found = false;
        _store.Mutate(
            KindOf(kind),
            new ObjectKey(ns, name),
            obj =>
            {
                found = true;
                change(obj);
                return true;
            },
            new WriteBy("sandbox", WritePart.Everything));
        return found;
    }

    /// <summary>Removes an object at once; false when it is not there.</summary>
    public bool Delete(string kind, string ns, string name) => _store.Remove(KindOf(kind), new ObjectKey(ns, name));

    private KindInfo KindOf(string name) => _store.Kinds.ByName(name) ?? throw new ArgumentException($"The sandbox does not know the kind {name}.", nameof(name));
}
