using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Anycast.Tunnel.Operations;

namespace Anycast.Agent.Operations;

/// <summary>A leaf of an object, found: its JSON pointer, what is there, and which parents are missing.</summary>
internal sealed record FoundLeaf(PatchableLeaf Leaf, string? Value, string Pointer, JsonElement Current, IReadOnlyList<string> MissingParents, IReadOnlyList<(string Pointer, string Name)> Guards);

/// <summary>
/// Turns stated leaves into a JSON Patch (RFC 6902) with a <c>test</c> for the UID, the generation, the identity of each list item
/// passed, and the prior value of each leaf that is there, so that the API server applies it to what was approved or not at all.
/// </summary>
internal static class PatchComposer
{
    /// <summary>Finds a leaf in an object. Null when a list item on its way is not there.</summary>
    public static FoundLeaf? Find(JsonElement root, PatchableLeaf leaf, FieldPath path, string? value)
    {
        var pointer = "";
        var current = root;
        var missing = new List<string>();
        var guards = new List<(string, string)>();
        for (var i = 0; i < path.Steps.Count; i++)
        {
            var step = path.Steps[i];
            if (step.IsKey && current.ValueKind == JsonValueKind.Array)
            {
                if (!ObjectDiff.TryFindItem(current, step.Text, out var index, out var item))
                {
                    return null;
                }

                pointer += "/" + index.ToString(CultureInfo.InvariantCulture);
                current = item;
                if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String)
                {
                    guards.Add((pointer + "/name", name.GetString()!));
                }

                continue;
            }

            var nextIsList = i + 1 < path.Steps.Count && path.Steps[i + 1].IsKey && IsList(step.Text);
            pointer += "/" + step.Text.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
            current = current.ValueKind == JsonValueKind.Object && current.TryGetProperty(step.Text, out var below) && below.ValueKind != JsonValueKind.Null ? below : default;
            if (current.ValueKind == JsonValueKind.Undefined && i + 1 < path.Steps.Count)
            {
                if (nextIsList)
                {
                    return null;
                }

                missing.Add(pointer);
            }
        }

        return current.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? null : new FoundLeaf(leaf, value, pointer, current, missing, guards);
    }

    /// <summary>Writes the patch.</summary>
    public static byte[] Compose(string uid, long? generation, IReadOnlyList<FoundLeaf> leaves)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        Test(json, "/metadata/uid", w => w.WriteStringValue(uid));
        if (generation is { } number)
        {
            Test(json, "/metadata/generation", w => w.WriteNumberValue(number));
        }

        foreach (var (pointer, name) in leaves.SelectMany(l => l.Guards).Distinct())
        {
            Test(json, pointer, w => w.WriteStringValue(name));
        }

        foreach (var parent in leaves.Where(l => l.Value is not null).SelectMany(l => l.MissingParents).Distinct())
        {
            Operation(json, "add", parent, w =>
            {
                w.WriteStartObject();
                w.WriteEndObject();
            });
        }

        foreach (var leaf in leaves)
        {
            Leaf(json, leaf);
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Leaf(Utf8JsonWriter json, FoundLeaf leaf)
    {
        var exists = leaf.Current.ValueKind != JsonValueKind.Undefined;
        if (exists)
        {
            Test(json, leaf.Pointer, leaf.Current.WriteTo);
        }

        if (leaf.Value is not null)
        {
            Operation(json, exists ? "replace" : "add", leaf.Pointer, w => Value(w, leaf));
        }
        else if (exists)
        {
            json.WriteStartObject();
            json.WriteString("op", "remove");
            json.WriteString("path", leaf.Pointer);
            json.WriteEndObject();
        }
    }

    private static void Value(Utf8JsonWriter json, FoundLeaf leaf)
    {
        var text = leaf.Value!;
        switch (leaf.Leaf.Form)
        {
            case LeafForm.Boolean:
                json.WriteBooleanValue(text == "true");
                break;
            case LeafForm.Number or LeafForm.NumberOrText when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number):
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }

    private static void Test(Utf8JsonWriter json, string pointer, Action<Utf8JsonWriter> value) => Operation(json, "test", pointer, value);

    private static void Operation(Utf8JsonWriter json, string op, string pointer, Action<Utf8JsonWriter> value)
    {
        json.WriteStartObject();
        json.WriteString("op", op);
        json.WriteString("path", pointer);
        json.WritePropertyName("value");
        value(json);
        json.WriteEndObject();
    }

    private static bool IsList(string field) => field is "containers" or "initContainers" or "ports" or "rules" or "paths";
}
