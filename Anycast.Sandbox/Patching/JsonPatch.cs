using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Patching;

/// <summary>JSON Patch (RFC 6902) over JSON pointers (RFC 6901).</summary>
internal static class JsonPatch
{
    /// <summary>Applies a patch to a tree of its own; the result may be another root.</summary>
    /// <exception cref="ApiException">422 when an operation does not apply or a <c>test</c> fails; 400 when the patch is not one.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode patch)
    {
        if (patch is not JsonArray operations)
        {
            throw KubeErrors.BadRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
        }

        JsonNode? root = target;
        foreach (var operation in operations)
        {
            root = ApplyOne(root, operation as JsonObject ?? throw KubeErrors.BadRequest("error decoding patch: an operation is not an object"));
        }

        return root as JsonObject ?? throw KubeErrors.PatchDoesNotApply();
    }

    private static JsonNode? ApplyOne(JsonNode? root, JsonObject operation)
    {
        var path = Pointer(operation.Str("path"));
        switch (operation.Str("op"))
        {
            case "add":
                return Add(root, path, operation["value"]?.DeepClone());
            case "remove":
                Remove(root, path);
                return root;
            case "replace":
                Remove(root, path);
                return Add(root, path, operation["value"]?.DeepClone());
            case "move":
                var from = Pointer(operation.Str("from"));
                var moved = Get(root, from)?.DeepClone();
                Remove(root, from);
                return Add(root, path, moved);
            case "copy":
                return Add(root, path, Get(root, Pointer(operation.Str("from")))?.DeepClone());
            case "test":
                return Test(root, path, operation["value"]);
            default:
                throw KubeErrors.BadRequest($"Unexpected kind: {operation.Str("op")}");
        }
    }

    private static JsonNode? Test(JsonNode? root, List<string> path, JsonNode? expected)
    {
        // evanphx/json-patch: testing an absent member against null holds.
        var (found, actual) = TryGet(root, path);
        if ((!found && expected is not null) || !Json.Same(found ? actual : null, expected))
        {
            throw KubeErrors.PatchDoesNotApply();
        }

        return root;
    }

    private static JsonNode? Add(JsonNode? root, List<string> path, JsonNode? value)
    {
        if (path.Count == 0)
        {
            return value;
        }

        var last = path[^1];
        switch (Get(root, path[..^1]))
        {
            case JsonObject obj:
                obj[last] = value;
                return root;
            case JsonArray array when last == "-":
                array.Add(value);
                return root;
            case JsonArray array when Index(last) is { } index && index <= array.Count:
                array.Insert(index, value);
                return root;
            default:
                throw KubeErrors.PatchDoesNotApply();
        }
    }

    private static void Remove(JsonNode? root, List<string> path)
    {
        if (path.Count == 0)
        {
            return;
        }

        var removed = Get(root, path[..^1]) switch
        {
            JsonObject obj => obj.Remove(path[^1]),
            JsonArray array when Index(path[^1]) is { } index && index < array.Count => RemoveAt(array, index),
            _ => false,
        };
        if (!removed)
        {
            throw KubeErrors.PatchDoesNotApply();
        }

        static bool RemoveAt(JsonArray array, int index)
        {
            array.RemoveAt(index);
            return true;
        }
    }

    private static JsonNode? Get(JsonNode? root, List<string> path) =>
        TryGet(root, path) is (true, var node) ? node : throw KubeErrors.PatchDoesNotApply();

    private static (bool Found, JsonNode? Node) TryGet(JsonNode? root, List<string> path)
    {
        var node = root;
        foreach (var step in path)
        {
            switch (node)
            {
                case JsonObject obj when obj.TryGetPropertyValue(step, out var next):
                    node = next;
                    break;
                case JsonArray array when Index(step) is { } index && index < array.Count:
                    node = array[index];
                    break;
                default:
                    return (false, null);
            }
        }

        return (true, node);
    }

    private static int? Index(string step) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : null;

    private static List<string> Pointer(string text)
    {
        if (text.Length == 0)
        {
            return [];
        }

        return text[0] != '/'
            ? throw KubeErrors.BadRequest($"error decoding patch: invalid JSON pointer \"{text}\"")
            : [.. text[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }
}
