using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Anycast.Sandbox.Storage;

/// <summary>Short, forgiving access to JSON trees: what is absent or of another type reads as empty.</summary>
internal static class Json
{
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            if (node is not JsonObject obj || !obj.TryGetPropertyValue(step, out node))
            {
                return null;
            }
        }

        return node;
    }

    public static string Str(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue value ? Text(value) : "";

    public static string Text(JsonNode? node) => node is JsonValue value
        ? value.TryGetValue<string>(out var s) ? s : value.ToJsonString()
        : "";

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (At(node, path) is not JsonValue value)
        {
            return null;
        }

        return value.TryGetValue<long>(out var l) ? l
            : value.TryGetValue<int>(out var i) ? i
            : value.TryGetValue<double>(out var d) ? (long)d
            : null;
    }

    public static int Int(this JsonNode? node, params ReadOnlySpan<string> path) => (int)(Number(node, path) ?? 0);

    public static bool Bool(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue value && value.TryGetValue<bool>(out var b) && b;

    public static JsonObject Obj(this JsonNode? node, params ReadOnlySpan<string> path) => At(node, path) as JsonObject ?? [];

    /// <summary>The objects of an array; other elements are skipped.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonArray array ? array.OfType<JsonObject>() : [];

    public static IEnumerable<string> Strings(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonArray array ? array.Select(Text) : [];

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(Str(node, path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>A map of strings, such as labels; empty when absent.</summary>
    public static Dictionary<string, string> Map(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonObject obj ? obj.ToDictionary(p => p.Key, p => Text(p.Value), StringComparer.Ordinal) : [];

    /// <summary>The object at a path, created where it is absent.</summary>
    public static JsonObject Ensure(this JsonObject node, params ReadOnlySpan<string> path)
    {
        foreach (var step in path)
        {
            if (node[step] is not JsonObject next)
            {
                node[step] = next = [];
            }

            node = next;
        }

        return node;
    }

    public static JsonArray EnsureArray(this JsonObject node, string name)
    {
        if (node[name] is not JsonArray array)
        {
            node[name] = array = [];
        }

        return array;
    }

    /// <summary>Sets a member when it is not there yet.</summary>
    public static void Default(this JsonObject node, string name, JsonNode? value)
    {
        if (!node.ContainsKey(name))
        {
            node[name] = value;
        }
    }

    /// <summary>RFC 3339 with seconds, as metav1.Time.</summary>
    public static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>RFC 3339 with microseconds, as metav1.MicroTime.</summary>
    public static string MicroStamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static JsonObject ToMap(IEnumerable<KeyValuePair<string, string>> map)
    {
        var result = new JsonObject();
        foreach (var (key, value) in map)
        {
            result[key] = value;
        }

        return result;
    }

    public static JsonArray ToArray(IEnumerable<JsonNode?> nodes) => new([.. nodes]);

    public static JsonObject Clone(this JsonObject node) => (JsonObject)node.DeepClone();

    public static bool Same(JsonNode? left, JsonNode? right) => JsonNode.DeepEquals(left, right);

    /// <summary>Parses an object; null when the text is not a JSON object.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out JsonNode? node)
    {
        try
        {
            node = JsonNode.Parse(utf8.Span);
            return node is not null;
        }
        catch (JsonException)
        {
            node = null;
            return false;
        }
    }
}
