using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;

namespace Anycast.Sandbox.Storage;

/// <summary>The rules every kind shares when an object is written: identity, times, generation, which part may change.</summary>
internal static class ObjectRules
{
    private static readonly string[] _identity = ["name", "namespace", "uid", "creationTimestamp", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"];

    public static void Prepare(KindInfo kind, ObjectKey key, StoredObject? current, JsonObject next, WriteBy by, DateTimeOffset now, bool isChangedCopy)
    {
        next["kind"] = kind.Kind;
        next["apiVersion"] = kind.ApiVersion;
        var metadata = next.Ensure("metadata");
        if (current is null)
        {
            PrepareNew(kind, key, next, metadata, now);
        }
        else
        {
            // A copy of the present revision that one of our own parts changed has nothing to restore.
            if (!isChangedCopy)
            {
                PrepareNext(kind, current, next, metadata, by);
            }

            if (kind.HasGeneration && by.Part != WritePart.Status && ContentDiffers(current.Json, next))
            {
                metadata["generation"] = (current.Json.Number("metadata", "generation") ?? 0) + 1;
            }
        }
    }

    /// <summary>True when a deletion that waited for finalizers has nothing to wait for any more.</summary>
    public static bool IsReleased(KindInfo kind, StoredObject current, JsonObject next)
    {
        if (!current.Deleting)
        {
            return false;
        }

        return kind == BuiltIn.Namespace
            ? !next.Strings("spec", "finalizers").Any() && !next.Strings("metadata", "finalizers").Any()
            : current.Json.Strings("metadata", "finalizers").Any() && !next.Strings("metadata", "finalizers").Any() && kind != BuiltIn.Pod;
    }

    private static void PrepareNew(KindInfo kind, ObjectKey key, JsonObject next, JsonObject metadata, DateTimeOffset now)
    {
        metadata["name"] = key.Name;
        if (kind.Namespaced)
        {
            metadata["namespace"] = key.Namespace;
        }
        else
        {
            metadata.Remove("namespace");
        }

        // What a client sent of these was taken away before admission, which may have set them.
        metadata.Default("uid", Guid.NewGuid().ToString());
        metadata.Default("creationTimestamp", Json.Stamp(now));
        metadata.Remove("resourceVersion");
        metadata.Remove("deletionTimestamp");
        metadata.Remove("generation");
        metadata.Remove("managedFields");
        if (kind.HasGeneration)
        {
            metadata["generation"] = 1;
        }
    }

    private static void PrepareNext(KindInfo kind, StoredObject current, JsonObject next, JsonObject metadata, WriteBy by)
    {
        var old = current.Json;
        if (by.Part == WritePart.Status)
        {
            // Only the status of what was sent counts.
            var status = next["status"]?.DeepClone();
            foreach (var name in next.Select(p => p.Key).ToList())
            {
                next.Remove(name);
            }

            foreach (var (name, value) in old)
            {
                next[name] = name == "status" ? null : value?.DeepClone();
            }

            if (status is null)
            {
                next.Remove("status");
            }
            else
            {
                next["status"] = status;
            }

            return;
        }

        foreach (var name in _identity)
        {
            if (by.Part != WritePart.Everything || !metadata.ContainsKey(name) || name is "uid" or "generation")
            {
                Carry(old.Obj("metadata"), metadata, name);
            }
        }

        Carry(old.Obj("metadata"), metadata, "managedFields");
        Carry(old.Obj("metadata"), metadata, "resourceVersion");
        if (kind.HasStatus && by.Part == WritePart.Main)
        {
            Carry(old, next, "status");
        }
    }

    private static void Carry(JsonObject from, JsonObject to, string name)
    {
        if (from.TryGetPropertyValue(name, out var value))
        {
            to[name] = value?.DeepClone();
        }
        else
        {
            to.Remove(name);
        }
    }

    private static bool ContentDiffers(JsonObject old, JsonObject next)
    {
        static bool IsContent(string name) => name is not ("kind" or "apiVersion" or "metadata" or "status");
        return next.Any(p => IsContent(p.Key) && !Json.Same(p.Value, old[p.Key])) || old.Any(p => IsContent(p.Key) && !next.ContainsKey(p.Key));
    }
}
