using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Patching;

/// <summary>
/// Strategic merge patch, as kubectl sends it: lists merge by key where the API says so, with the directives
/// <c>$patch</c>, <c>$retainKeys</c>, <c>$setElementOrder/x</c> and <c>$deleteFromPrimitiveList/x</c>.
/// </summary>
internal static class StrategicMergePatch
{
    private const string OrderPrefix = "$setElementOrder/";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";

    public static JsonObject Apply(JsonObject target, JsonObject patch)
    {
        switch (patch.Str("$patch"))
        {
            case "replace":
                var whole = patch.Clone();
                whole.Remove("$patch");
                return whole;
            case "delete":
                return [];
        }

        if (patch["$retainKeys"] is JsonArray retained)
        {
            var keep = retained.Select(Json.Text).ToHashSet(StringComparer.Ordinal);
            foreach (var name in target.Select(p => p.Key).Where(n => !keep.Contains(n)).ToList())
            {
                target.Remove(name);
            }
        }

        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeletePrefix, StringComparison.Ordinal))
            {
                DeleteFrom(target, name[DeletePrefix.Length..], value as JsonArray ?? []);
            }
            else if (name.Length > 0 && name[0] != '$')
            {
                Member(target, name, value);
            }
        }

        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(OrderPrefix, StringComparison.Ordinal) && value is JsonArray order)
            {
                Reorder(target, name[OrderPrefix.Length..], order);
            }
        }

        return target;
    }

    private static void Member(JsonObject target, string name, JsonNode? value)
    {
        switch (value)
        {
            case null:
                target.Remove(name);
                break;
            case JsonObject inner:
                target[name] = Apply(target[name] is JsonObject present ? present.Clone() : [], inner);
                break;
            case JsonArray list when ListShape.MergeKeyOf(name, list, target[name] as JsonArray) is { } key:
                target[name] = MergeList(target[name] as JsonArray, list, key);
                break;
            case JsonArray list when ListShape.IsSet(name):
                var set = (target[name] as JsonArray ?? []).Concat(list).Select(Json.Text).Distinct();
                target[name] = Json.ToArray(set.Select(s => (JsonNode?)s));
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
    }

    private static JsonArray MergeList(JsonArray? present, JsonArray patch, string key)
    {
        var replaces = patch.OfType<JsonObject>().Any(e => e.Count == 1 && e.Str("$patch") == "replace");
        List<JsonObject> result = replaces ? [] : [.. (present ?? []).OfType<JsonObject>().Select(o => o.Clone())];
        foreach (var element in patch.OfType<JsonObject>())
        {
            var at = result.FindIndex(o => Json.Same(o[key], element[key]));
            switch (element.Str("$patch"))
            {
                case "delete":
                    if (at >= 0)
                    {
                        result.RemoveAt(at);
                    }

                    break;
                case "replace" when element.Count == 1:
                    break;
                default:
                    var merged = Apply(at >= 0 ? result[at] : [], element);
                    if (at >= 0)
                    {
                        result[at] = merged;
                    }
                    else
                    {
                        result.Add(merged);
                    }

                    break;
            }
        }

        return Json.ToArray(result);
    }

    private static void DeleteFrom(JsonObject target, string name, JsonArray values)
    {
        var gone = values.Select(Json.Text).ToHashSet(StringComparer.Ordinal);
        var left = target.Strings(name).Where(v => !gone.Contains(v)).Select(v => (JsonNode?)v).ToList();
        if (left.Count == 0)
        {
            target.Remove(name);
        }
        else
        {
            target[name] = Json.ToArray(left);
        }
    }

    private static void Reorder(JsonObject target, string name, JsonArray order)
    {
        if (target[name] is not JsonArray list || order.FirstOrDefault() is not JsonObject)
        {
            return;
        }

        var keys = order.OfType<JsonObject>().ToList();
        var sorted = list.Select((e, i) => (Element: e, At: Position(keys, e, i))).OrderBy(p => p.At).Select(p => p.Element?.DeepClone());
        target[name] = Json.ToArray(sorted.ToList());

        // Elements that the order does not name keep their place after the named ones.
        static int Position(List<JsonObject> keys, JsonNode? element, int index)
        {
            var at = keys.FindIndex(k => k.All(p => Json.Same(element.At(p.Key), p.Value)));
            return at >= 0 ? at : 10_000 + index;
        }
    }
}
