using System.Text.Json;

namespace Anycast.Core.Proposals;

/// <summary>
/// Reads a leaf by the field path of the wire contract: dots between fields; brackets name an item of a list by its key
/// (<c>containers[web]</c>), by index where items have none, or a key of a map (<c>selector[app.kubernetes.io/name]</c>).
/// </summary>
internal static class ObjectPath
{
    private static readonly string[] s_keys = ["name", "containerPort", "port", "mountPath", "key", "type", "host", "path"];

    /// <summary>The leaf as text (numbers and booleans too), or null when it is absent or not a leaf.</summary>
    public static string? Text(JsonElement root, string path) => Find(root, path) is { } leaf
        ? leaf.ValueKind switch
        {
            JsonValueKind.String => leaf.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => leaf.GetRawText(),
            _ => null,
        }
        : null;

    private static JsonElement? Find(JsonElement at, string path)
    {
        var position = 0;
        while (position < path.Length)
        {
            JsonElement? next;
            if (path[position] == '[')
            {
                var end = path.IndexOf(']', position);
                if (end < 0)
                {
                    return null;
                }

                next = Item(at, path[(position + 1)..end]);
                position = end + 1;
            }
            else
            {
                position += path[position] == '.' ? 1 : 0;
                var end = path.IndexOfAny(['.', '['], position);
                end = end < 0 ? path.Length : end;
                next = at.ValueKind == JsonValueKind.Object && at.TryGetProperty(path[position..end], out var field) ? field : null;
                position = end;
            }

            if (next is not { } found)
            {
                return null;
            }

            at = found;
        }

        return at;
    }

    private static JsonElement? Item(JsonElement at, string key)
    {
        if (at.ValueKind == JsonValueKind.Object)
        {
            return at.TryGetProperty(key, out var value) ? value : null;
        }

        if (at.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (var item in at.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.Object))
        {
            foreach (var name in s_keys)
            {
                if (item.TryGetProperty(name, out var value))
                {
                    if ((value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText()) == key)
                    {
                        return item;
                    }

                    break;
                }
            }
        }

        return int.TryParse(key, System.Globalization.CultureInfo.InvariantCulture, out var index) && index >= 0 && index < at.GetArrayLength() ? at[index] : null;
    }
}
