using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Storage;

/// <summary>Sets of fields in the FieldsV1 form of <c>metadata.managedFields</c> (KEP-555): <c>{"f:spec":{"f:replicas":{}}}</c>.</summary>
internal static class FieldSet
{
    /// <summary>All fields of a value.</summary>
    public static JsonObject Of(JsonNode? value, string field = "")
    {
        var result = new JsonObject();
        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, child) in obj)
                {
                    result["f:" + name] = Of(child, name);
                }

                break;
            case JsonArray array when ListShape.IsSet(field):
                foreach (var item in array)
                {
                    result["v:" + item?.ToJsonString()] = new JsonObject();
                }

                break;
            case JsonArray array when ListShape.KeysOf(field, array) is { Length: > 0 } keys:
                foreach (var item in array.OfType<JsonObject>())
                {
                    var element = Of(item);
                    element.Insert(0, ".", new JsonObject());
                    result["k:" + ListShape.KeyText(item, keys)] = element;
                }

                break;
        }

        return result;
    }

    /// <summary>The fields of <paramref name="next"/> that are new or have another value than in <paramref name="old"/>.</summary>
    /// <param name="onlyMissing">Only those that <paramref name="old"/> has not at all.</param>
    public static JsonObject Changed(JsonNode? old, JsonNode? next, string field = "", bool onlyMissing = false)
    {
        var result = new JsonObject();
        switch (next)
        {
            case JsonObject obj when old is JsonObject oldObj:
                foreach (var (name, child) in obj)
                {
                    AddDifference(oldObj[name], child, name, result, onlyMissing);
                }

                break;
            case JsonArray array when old is JsonArray oldArray && ListShape.KeysOf(field, array) is { Length: > 0 } keys:
                var before = oldArray.OfType<JsonObject>().GroupBy(o => ListShape.KeyText(o, keys)).ToDictionary(g => g.Key, g => g.First());
                foreach (var item in array.OfType<JsonObject>())
                {
                    var key = ListShape.KeyText(item, keys);
                    AddDifference(before.GetValueOrDefault(key), item, "", result, onlyMissing, "k:" + key);
                }

                break;
            default:
                return old is not null && onlyMissing ? [] : Of(next, field);
        }

        return result;
    }

    /// <summary>Adds the entry of one member when it differs.</summary>
    public static void AddDifference(JsonNode? old, JsonNode? next, string field, JsonObject into, bool onlyMissing = false, string? entry = null)
    {
        if (next is null || (onlyMissing ? old is not null && next is JsonValue : Json.Same(old, next)))
        {
            return;
        }

        var changed = Changed(old, next, field, onlyMissing);
        if (onlyMissing && old is not null && changed.Count == 0)
        {
            return;
        }

        if (old is null && entry is not null)
        {
            changed.Insert(0, ".", new JsonObject());
        }

        into[entry ?? "f:" + field] = changed;
    }

    /// <summary>The fields of either set.</summary>
    public static JsonObject Union(JsonObject left, JsonObject right)
    {
        var result = left.Clone();
        foreach (var (name, child) in right)
        {
            result[name] = result[name] is JsonObject mine && child is JsonObject theirs ? Union(mine, theirs) : child?.DeepClone();
        }

        return result;
    }

    /// <summary>The fields of <paramref name="left"/> whose leaves are not in <paramref name="right"/>; null when none is left.</summary>
    public static JsonObject? Subtract(JsonObject left, JsonObject right)
    {
        var result = new JsonObject();
        foreach (var (name, child) in left)
        {
            if (right[name] is not JsonObject theirs)
            {
                result[name] = child?.DeepClone();
            }
            else if (child is JsonObject { Count: > 0 } mine && theirs.Count > 0 && Subtract(mine, theirs) is { } rest)
            {
                result[name] = rest;
            }
        }

        return result.Count == 0 || (result.Count == 1 && result.ContainsKey(".")) ? null : result;
    }

    /// <summary>The fields of both sets; null when there is none.</summary>
    public static JsonObject? Intersect(JsonObject left, JsonObject right)
    {
        var result = new JsonObject();
        foreach (var (name, child) in left)
        {
            if (right[name] is JsonObject theirs && child is JsonObject mine)
            {
                if (mine.Count == 0 || theirs.Count == 0)
                {
                    result[name] = new JsonObject();
                }
                else if (Intersect(mine, theirs) is { } both)
                {
                    result[name] = both;
                }
            }
        }

        return result.Count == 0 || (result.Count == 1 && result.ContainsKey(".")) ? null : result;
    }

    /// <summary>The leaves as paths for messages: <c>.spec.replicas</c>, <c>.spec.template.spec.containers[name="web"].image</c>.</summary>
    public static IEnumerable<string> Paths(JsonObject set, string prefix = "")
    {
        foreach (var (name, child) in set)
        {
            if (name == ".")
            {
                continue;
            }

            var path = prefix + (name.StartsWith("f:", StringComparison.Ordinal) ? "." + name[2..] : KeyPath(name));
            if (child is JsonObject { Count: > 0 } inner && inner.Any(p => p.Key != "."))
            {
                foreach (var leaf in Paths(inner, path))
                {
                    yield return leaf;
                }
            }
            else
            {
                yield return path;
            }
        }
    }

    private static string KeyPath(string entry)
    {
        if (!entry.StartsWith("k:", StringComparison.Ordinal) || JsonNode.Parse(entry[2..]) is not JsonObject key)
        {
            return $"[{entry[2..]}]";
        }

        return "[" + string.Join(",", key.Select(p => $"{p.Key}={p.Value?.ToJsonString()}")) + "]";
    }
}
