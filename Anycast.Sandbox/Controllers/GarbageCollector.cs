using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Deletes what is owned by something that is gone, and lets a foreground deletion finish once its dependents are (KEP: garbage collection).</summary>
internal sealed class GarbageCollector(ControllerContext context) : IController
{
    private static readonly KindInfo[] _dependents =
    [
        BuiltIn.ReplicaSet, BuiltIn.Pod, BuiltIn.Job, BuiltIn.ControllerRevision, BuiltIn.EndpointSlice, BuiltIn.Endpoints, BuiltIn.PersistentVolumeClaim, BuiltIn.Secret,
        BuiltIn.ConfigMap, BuiltIn.Service,
    ];

    public void Observe(Change change)
    {
        // Keys carry the kind in front: owners are of many kinds.
        if (change.Type == ChangeType.Deleted || (change.Object.Deleting && change.Object.Kind != BuiltIn.Pod))
        {
            context.Queue.Add(this, Key(change.Object));
            if (change.Object.ControllerUid.Length > 0)
            {
                // A foreground deletion of the owner may have waited for this one.
                context.Queue.Add(this, new ObjectKey("?" + change.Object.Namespace, change.Object.ControllerUid));
            }
        }
    }

    public void Reconcile(ObjectKey key)
    {
        var (ns, uid) = (key.Namespace[1..], key.Name);
        var owner = Owner(ns, uid);
        if (owner is { Deleting: false })
        {
            return;
        }

        var waits = owner?.Json.Strings("metadata", "finalizers").Contains("foregroundDeletion") == true;
        if (owner is not null && !waits)
        {
            return;
        }

        var dependents = _dependents.SelectMany(k => context.Store.ControlledBy(uid, k)).ToList();
        foreach (var dependent in dependents.Where(d => !d.Deleting))
        {
            context.Writer.Delete(dependent.Kind, dependent.Key, new DeleteOptions(waits ? "Foreground" : "Background"));
        }

        if (owner is not null && waits && dependents.All(d => context.Store.Find(d.Kind, d.Key) is null))
        {
            context.Store.Mutate(
                owner.Kind,
                owner.Key,
                o =>
                {
                    var left = o.Strings("metadata", "finalizers").Where(f => f != "foregroundDeletion").Select(f => (System.Text.Json.Nodes.JsonNode?)f).ToList();
                    o.Ensure("metadata")["finalizers"] = Json.ToArray(left);
                    return true;
                },
                Parts.Main);
        }
    }

    private static ObjectKey Key(StoredObject obj) => new("?" + obj.Namespace, obj.Uid);

    private StoredObject? Owner(string ns, string uid)
    {
        foreach (var kind in context.Store.Kinds.All.Where(k => k.StoredAs is null && k != BuiltIn.Pod && k != BuiltIn.Event))
        {
            if (context.Store.List(kind, ns.Length == 0 ? null : ns).FirstOrDefault(o => o.Uid == uid) is { } found)
            {
                return found;
            }
        }

        return null;
    }
}
