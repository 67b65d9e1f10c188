using System.Globalization;
using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Operations;

/// <summary>
/// The difference of two versions of an object, in what may be shown. Computed in the agent: values come from the projected
/// objects; a change that the projection hides is listed by the nearest path that may be named, as withheld.
/// </summary>
public static class ObjectDiff
{
    private const int MostLeaves = 20_000;
    private const int MostDifferences = 200;

    private static readonly string[] Ignored = ["metadata.resourceVersion", "metadata.generation", "metadata.managedFields", "metadata.uid", "metadata.creationTimestamp", "status"];

    /// <summary>The leaves of a projected object by their path.</summary>
    public static IReadOnlyDictionary<string, string> Leaves(string kind, Projected projected)
    {
        using var document = JsonDocument.Parse(projected.Json);
        var output = new Dictionary<string, (string Value, string Shown)>(StringComparer.Ordinal);
        Flatten(document.RootElement, RedactionSpecification.Current.For(kind), "", "", output);
        return output.ToDictionary(p => p.Key, p => p.Value.Value, StringComparer.Ordinal);
    }

    /// <summary>What changed besides the leaves that were asked for.</summary>
    /// <param name="requested">Canonical paths to leave out.</param>
    public static List<LeafDiff> Besides(string kind, JsonElement rawBefore, JsonElement rawAfter, Projected before, Projected after, IReadOnlySet<string> requested)
    {
        var root = RedactionSpecification.Current.For(kind);
        var old = new Dictionary<string, (string Value, string Shown)>(StringComparer.Ordinal);
        var now = new Dictionary<string, (string Value, string Shown)>(StringComparer.Ordinal);
        Flatten(rawBefore, root, "", "", old);
        Flatten(rawAfter, root, "", "", now);
        var visibleOld = Leaves(kind, before);
        var visibleNow = Leaves(kind, after);
        var output = new SortedDictionary<string, LeafDiff>(StringComparer.Ordinal);
        foreach (var path in old.Keys.Union(now.Keys, StringComparer.Ordinal))
        {
            var was = old.TryGetValue(path, out var o) ? o : default;
            var current = now.TryGetValue(path, out var n) ? n : default;
            if (was.Value == current.Value || requested.Contains(path) || Ignored.Any(i => path == i || path.StartsWith(i + ".", StringComparison.Ordinal)) || output.Count >= MostDifferences)
            {
                continue;
            }

            var shownOld = visibleOld.GetValueOrDefault(path);
            var shownNow = visibleNow.GetValueOrDefault(path);
            if (shownOld is not null || shownNow is not null)
            {
                output[path] = new LeafDiff(path, shownOld ?? Hidden(was.Value), shownNow ?? Hidden(current.Value), false);
            }
            else
            {
                var named = was.Shown ?? current.Shown ?? "";
                output.TryAdd(named, new LeafDiff(named, Hidden(was.Value), Hidden(current.Value), false));
            }
        }

        return [.. output.Values];
    }

    private static string? Hidden(string? raw) => raw is null ? null : Marker.ForString(raw.Length);

    private static void Flatten(JsonElement element, FieldNode? node, string path, string shown, Dictionary<string, (string Value, string Shown)> output)
    {
        if (output.Count >= MostLeaves)
        {
            return;
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var isMap = node?.Leaf is LeafType.Labels or LeafType.Anns or LeafType.Keys or LeafType.Quantities;
                foreach (var property in element.EnumerateObject())
                {
                    var below = isMap ? $"{path}[{property.Name}]" : path.Length == 0 ? property.Name : $"{path}.{property.Name}";
                    var child = isMap ? null : node?.Children.FirstOrDefault(c => c.Name == property.Name);
                    Flatten(property.Value, child, below, child is null ? shown : below, output);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    var key = Key(item, index++);
                    var below = $"{path}[{key}]";
                    while (output.ContainsKey(below))
                    {
                        below += "'";
                    }

                    Flatten(item, node?.Item, below, node?.Item is null ? shown : below, output);
                }

                break;
            case JsonValueKind.Undefined or JsonValueKind.Null:
                break;
            default:
                output.TryAdd(path, (element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText(), shown));
                break;
        }
    }

    /// <summary>How a list item is named in a path: by its name, its port number, or its position.</summary>
    internal static string Key(JsonElement item, int index)
    {
        if (item.ValueKind == JsonValueKind.Object)
        {
            if (item.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String && name.GetString() is { Length: > 0 } text)
            {
                return text;
            }

            if (item.TryGetProperty("port", out var port) && port.ValueKind == JsonValueKind.Number)
            {
                return port.GetRawText();
            }
        }

        return index.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Finds a list item by its key: its name, its port number, or its position.</summary>
    public static bool TryFindItem(JsonElement array, string key, out int index, out JsonElement found)
    {
        index = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (Key(item, index) == key)
            {
                found = item;
                return true;
            }

            index++;
        }

        found = default;
        return false;
    }
}
