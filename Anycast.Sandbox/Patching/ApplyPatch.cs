using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Patching;

/// <summary>
/// Server-side apply: merges a configuration into an object by field ownership
/// (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
/// </summary>
internal static class ApplyPatch
{
    /// <summary>Merges; the second value is the set of fields that were sent, which the manager owns afterwards.</summary>
    /// <exception cref="ApiException">409 when a field belongs to another manager and has another value, unless forced.</exception>
    public static (JsonObject Merged, JsonObject Applied) Apply(KindInfo kind, JsonObject? current, JsonObject configuration, string manager, bool force)
    {
        var sent = FieldSet.Of(ManagedFields.Tracked(configuration, WritePart.Everything));
        if (current is null)
        {
            return (configuration.Clone(), sent);
        }

        var merged = (JsonObject)Merge(current.Clone(), configuration, "")!;
        var before = ManagedFields.Tracked(current, WritePart.Everything);
        var changed = FieldSet.Changed(before, ManagedFields.Tracked(merged, WritePart.Everything));
        if (!force)
        {
            RefuseConflicts(kind, current, changed, manager);
        }

        var dropped = FieldSet.Subtract(ManagedFields.AppliedBy(current, manager), sent);
        if (dropped is not null)
        {
            foreach (var entry in ManagedFields.Entries(current).Where(e => e.Str("manager") != manager || e.Str("operation") != "Apply"))
            {
                dropped = dropped is null ? null : FieldSet.Subtract(dropped, entry.Obj("fieldsV1"));
            }
        }

        if (dropped is not null)
        {
            RemoveFields(merged, dropped);
        }

        return (merged, sent);
    }

    private static void RefuseConflicts(KindInfo kind, JsonObject current, JsonObject changed, string manager)
    {
        var conflicts = ManagedFields.Entries(current)
            .Where(e => !(e.Str("manager") == manager && e.Str("operation") == "Apply"))
            .Select(e => (Entry: e, Fields: FieldSet.Intersect(changed, e.Obj("fieldsV1"))))
            .Where(c => c.Fields is not null)
            .SelectMany(c => FieldSet.Paths(c.Fields!).Select(path => (Path: path, Manager: c.Entry)))
            .ToList();
        if (conflicts.Count == 0)
        {
            return;
        }

        var causes = new JsonArray();
        var lines = new List<string>();
        foreach (var (path, entry) in conflicts)
        {
            var text = $"conflict with \"{entry.Str("manager")}\" using {entry.Str("apiVersion")}";
            causes.Add(new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = text, ["field"] = path });
            lines.Add(conflicts.Count == 1 ? $"{text}: {path}" : $"\n- {text}: {path}");
        }

        var noun = conflicts.Count == 1 ? "1 conflict: " : $"{conflicts.Count} conflicts: ";
        throw new ApiException(409, "Conflict", $"Apply failed with {noun}{string.Concat(lines)}", new JsonObject { ["kind"] = kind.Plural, ["causes"] = causes });
    }

    private static JsonNode? Merge(JsonNode? present, JsonNode? sent, string field)
    {
        if (sent is JsonObject sentObject && present is JsonObject presentObject)
        {
            foreach (var (name, value) in sentObject)
            {
                if (value is not null)
                {
                    presentObject[name] = Merge(presentObject[name]?.DeepClone(), value, name);
                }
            }

            return presentObject;
        }

        if (sent is JsonArray sentList && present is JsonArray presentList && ListShape.KeysOf(field, sentList) is { Length: > 0 } keys)
        {
            var result = presentList.OfType<JsonObject>().Select(o => o.Clone()).ToList();
            foreach (var element in sentList.OfType<JsonObject>())
            {
                var key = ListShape.KeyText(element, keys);
                var at = result.FindIndex(o => ListShape.KeyText(o, keys) == key);
                if (at >= 0)
                {
                    result[at] = (JsonObject)Merge(result[at], element, "")!;
                }
                else
                {
                    result.Add(element.Clone());
                }
            }

            return Json.ToArray(result);
        }

        return sent?.DeepClone();
    }

    private static void RemoveFields(JsonNode? node, JsonObject fields)
    {
        foreach (var (name, child) in fields)
        {
            var inner = child as JsonObject;
            if (name.StartsWith("f:", StringComparison.Ordinal) && node is JsonObject obj)
            {
                if (inner is { Count: > 0 })
                {
                    RemoveFields(obj[name[2..]], inner);
                }
                else
                {
                    obj.Remove(name[2..]);
                }
            }
            else if (name.StartsWith("k:", StringComparison.Ordinal) && node is JsonArray array && JsonNode.Parse(name[2..]) is JsonObject key)
            {
                var element = array.OfType<JsonObject>().FirstOrDefault(e => ListShape.KeyText(e, [.. key.Select(p => p.Key)]) == key.ToJsonString());
                if (element is not null && inner?.ContainsKey(".") == true)
                {
                    array.Remove(element);
                }
                else
                {
                    RemoveFields(element, inner ?? []);
                }
            }
        }
    }
}
