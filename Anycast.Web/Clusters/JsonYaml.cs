using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Anycast.Web.Clusters;

/// <summary>
/// Writes a JSON object as YAML for reading. Strings are quoted whenever plain YAML could read them as something else or a person could misread them:
/// control, invisible and bidirectional characters come out escaped.
/// </summary>
public static class JsonYaml
{
    private const int MaxDepth = 64;

    /// <summary>The YAML of <paramref name="root"/>, cut with a comment after <paramref name="limit"/> characters.</summary>
    public static string Write(JsonElement root, int limit = 200_000)
    {
        var text = new StringBuilder();
        Write(text, root, 0, false, limit);
        return text.Length > limit ? text.ToString(0, limit) + "\n# …" : text.ToString();
    }

    private static void Write(StringBuilder text, JsonElement at, int depth, bool inList, int limit)
    {
        if (text.Length > limit || depth > MaxDepth)
        {
            return;
        }

        switch (at.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, at, depth, inList, limit);
                break;
            case JsonValueKind.Array:
                foreach (var item in at.EnumerateArray())
                {
                    Indent(text, depth).Append("- ");
                    if (IsLeaf(item))
                    {
                        text.Append(Scalar(item)).Append('\n');
                    }
                    else if (item.ValueKind == JsonValueKind.Array)
                    {
                        text.Append('\n');
                        Write(text, item, depth + 1, false, limit);
                    }
                    else
                    {
                        Write(text, item, depth + 1, true, limit);
                    }
                }

                break;
            default:
                text.Append(Scalar(at)).Append('\n');
                break;
        }
    }

    private static void WriteObject(StringBuilder text, JsonElement at, int depth, bool inList, int limit)
    {
        var first = inList;
        foreach (var field in at.EnumerateObject())
        {
            if (!first)
            {
                Indent(text, depth);
            }

            first = false;
            text.Append(Quote(field.Name)).Append(':');
            if (IsLeaf(field.Value))
            {
                text.Append(' ').Append(Scalar(field.Value)).Append('\n');
            }
            else
            {
                text.Append('\n');
                Write(text, field.Value, field.Value.ValueKind == JsonValueKind.Array ? depth : depth + 1, false, limit);
            }
        }
    }

    private static bool IsLeaf(JsonElement at) => at.ValueKind switch
    {
        JsonValueKind.Object => !at.EnumerateObject().Any(),
        JsonValueKind.Array => at.GetArrayLength() == 0,
        _ => true,
    };

    private static string Scalar(JsonElement at) => at.ValueKind switch
    {
        JsonValueKind.Object => "{}",
        JsonValueKind.Array => "[]",
        JsonValueKind.String => Quote(at.GetString()!),
        JsonValueKind.Null => "null",
        _ => at.GetRawText(),
    };

    private static string Quote(string value)
    {
        if (value.Length > 0 && IsPlain(value))
        {
            return value;
        }

        var text = new StringBuilder("\"");
        foreach (var rune in value.EnumerateRunes())
        {
            text.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                _ when IsHidden(rune) => rune.Value <= 0xFFFF ? $"\\u{rune.Value:X4}" : $"\\U{rune.Value:X8}",
                _ => rune.ToString(),
            });
        }

        return text.Append('"').ToString();
    }

    private static bool IsPlain(string value) =>
        (char.IsAsciiLetterOrDigit(value[0]) || value[0] is '/' or '«' or '.' or '_')
        && value.EnumerateRunes().All(r => r.Value is '«' or '»' || (Rune.IsLetterOrDigit(r) && r.IsAscii) || (r.IsAscii && "-_./:+@=,() ".Contains((char)r.Value)))
        && !value.Contains(": ", StringComparison.Ordinal) && value[^1] is not (':' or ' ')
        && !double.TryParse(value, NumberStyles.Any, CultureInfo.InvariantCulture, out _)
        && value.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n" or "~")
        && !(char.IsAsciiDigit(value[0]) && value.All(c => char.IsAsciiDigit(c) || c is ':' or '-' or '_' or 'x' or 'o'));

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark || rune.Value is 0x3164 or 0x115F or 0x1160 or 0xFFA0;

    private static StringBuilder Indent(StringBuilder text, int depth) => text.Append(' ', depth * 2);
}
