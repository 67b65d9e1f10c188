using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Storage;

/// <summary>Keeps <c>metadata.managedFields</c>: who set which field, as Kubernetes records it for updates and server-side apply.</summary>
internal static class ManagedFields
{
    private static readonly string[] _trackedMetadata = ["annotations", "finalizers", "labels", "ownerReferences", "generateName"];

    /// <summary>Records an update: what changed now belongs to its manager.</summary>
    public static void TrackUpdate(JsonObject? old, JsonObject next, WriteBy by, DateTimeOffset now)
    {
        var changed = Compare(old, next, by.Part);
        var removed = old is null ? null : Compare(next, old, by.Part, onlyMissing: true);
        var entries = Own(next);

        foreach (var entry in entries.Where(e => !IsSame(e, by)).ToList())
        {
            Shrink(entries, entry, changed, onlyUpdates: true);
        }

        if (removed is { Count: > 0 })
        {
            foreach (var entry in entries.ToList())
            {
                Shrink(entries, entry, removed, onlyUpdates: false);
            }
        }

        if (changed.Count > 0)
        {
            var own = entries.FirstOrDefault(e => IsSame(e, by));
            var fields = own is null ? changed : FieldSet.Union(own.Obj("fieldsV1"), changed);
            Put(entries, own, by, next.Str("apiVersion"), fields, now);
        }

        Store(next, entries);
    }

    /// <summary>Records a server-side apply: its manager owns exactly what it sent.</summary>
    public static void TrackApply(JsonObject? old, JsonObject next, JsonObject applied, WriteBy by, bool force, DateTimeOffset now)
    {
        var entries = Own(next);
        var own = entries.FirstOrDefault(e => IsSame(e, by));
        if (force)
        {
            foreach (var entry in entries.Where(e => e != own).ToList())
            {
                Shrink(entries, entry, FieldSet.Changed(Tracked(old, WritePart.Everything), Tracked(next, WritePart.Everything)), onlyUpdates: false);
            }
        }

        Put(entries, own, by, next.Str("apiVersion"), applied, now);
        Store(next, entries);
    }

    /// <summary>The entries that the next revision carries from the present one, taken out of it to be changed.</summary>
    private static List<JsonObject> Own(JsonObject next)
    {
        if (next.At("metadata", "managedFields") is not JsonArray array)
        {
            return [];
        }

        List<JsonObject> entries = [.. array.OfType<JsonObject>()];
        array.Clear();
        return entries;
    }

    /// <summary>The entries of an object, as copies.</summary>
    public static List<JsonObject> Entries(JsonObject? of) => [.. of.Items("metadata", "managedFields").Select(e => e.Clone())];

    /// <summary>The fields a manager holds by server-side apply; empty when it applied nothing yet.</summary>
    public static JsonObject AppliedBy(JsonObject? of, string manager) =>
        Entries(of).FirstOrDefault(e => e.Str("manager") == manager && e.Str("operation") == "Apply").Obj("fieldsV1").Clone();

    /// <summary>What is tracked of an object: no type, no identity, and only the part that was written.</summary>
    public static JsonObject Tracked(JsonObject? of, WritePart part)
    {
        var result = new JsonObject();
        foreach (var (name, value) in of ?? [])
        {
            if (name is "kind" or "apiVersion" || (part == WritePart.Main && name == "status") || (part == WritePart.Status && name != "status"))
            {
                continue;
            }

            result[name] = name == "metadata" ? Metadata(value) : value?.DeepClone();
        }

        return result;
    }

    /// <summary>The tracked fields of <paramref name="next"/> that differ from <paramref name="old"/>, or that are not there at all.</summary>
    private static JsonObject Compare(JsonObject? old, JsonObject next, WritePart part, bool onlyMissing = false)
    {
        var result = new JsonObject();
        foreach (var (name, value) in next)
        {
            if (name is "kind" or "apiVersion" || (part == WritePart.Main && name == "status") || (part == WritePart.Status && name != "status"))
            {
                continue;
            }

            if (name == "metadata")
            {
                var fields = new JsonObject();
                foreach (var member in _trackedMetadata)
                {
                    FieldSet.AddDifference(old.At("metadata", member), value.At(member), member, fields, onlyMissing);
                }

                if (fields.Count > 0)
                {
                    result["f:metadata"] = fields;
                }
            }
            else
            {
                FieldSet.AddDifference(old.At(name), value, name, result, onlyMissing);
            }
        }

        return result;
    }

    private static JsonObject Metadata(JsonNode? metadata)
    {
        var result = new JsonObject();
        foreach (var name in _trackedMetadata)
        {
            if (metadata.At(name) is { } value)
            {
                result[name] = value.DeepClone();
            }
        }

        return result;
    }

    private static bool IsSame(JsonObject entry, WriteBy by) =>
        entry.Str("manager") == by.Manager && entry.Str("operation") == by.Operation && entry.Str("subresource") == (by.Subresource ?? "");

    private static void Shrink(List<JsonObject> entries, JsonObject entry, JsonObject by, bool onlyUpdates)
    {
        if (onlyUpdates && entry.Str("operation") == "Apply")
        {
            return;
        }

        if (FieldSet.Subtract(entry.Obj("fieldsV1"), by) is { } rest)
        {
            entry["fieldsV1"] = rest;
        }
        else
        {
            entries.Remove(entry);
        }
    }

    private static void Put(List<JsonObject> entries, JsonObject? own, WriteBy by, string apiVersion, JsonObject fields, DateTimeOffset now)
    {
        if (own is not null)
        {
            if (Json.Same(own["fieldsV1"], fields) && by.Operation == "Apply")
            {
                return;
            }

            entries.Remove(own);
        }

        var entry = new JsonObject
        {
            ["manager"] = by.Manager,
            ["operation"] = by.Operation,
            ["apiVersion"] = apiVersion,
            ["time"] = Json.Stamp(now),
            ["fieldsType"] = "FieldsV1",
            ["fieldsV1"] = fields,
        };
        if (by.Subresource is { Length: > 0 } subresource)
        {
            entry["subresource"] = subresource;
        }

        entries.Add(entry);
    }

    private static void Store(JsonObject next, List<JsonObject> entries)
    {
        var metadata = next.Ensure("metadata");
        metadata.Remove("managedFields");
        if (entries.Count > 0)
        {
            metadata["managedFields"] = Json.ToArray(entries);
        }
    }
}
