using System.Text;

namespace Anycast.Core.Agents.Install;

/// <summary>
/// Renders the chart's templates. They keep to a subset of Helm's language, so that the manifest the service hands out and the chart are one source:
/// <c>{{ .Values.a.b }}</c> inside double quotes, and <c>{{- if .Values.a }}</c> … <c>{{- end }}</c> on lines of their own, not nested.
/// </summary>
public static class ManifestTemplate
{
    private const string Open = "{{";
    private const string Close = "}}";

    /// <summary>Renders one template.</summary>
    /// <exception cref="FormatException">The template uses more than the subset, or a value cannot stand in double quotes.</exception>
    public static string Render(string template, IReadOnlyDictionary<string, string> values)
    {
        var result = new StringBuilder();
        bool? showing = null;
        foreach (var line in template.ReplaceLineEndings("\n").Split('\n'))
        {
            var text = line.Trim();
            if (text.StartsWith("{{- if ", StringComparison.Ordinal))
            {
                if (showing is not null)
                {
                    throw new FormatException("Nested conditions are outside the subset.");
                }

                showing = IsSet(Value(text["{{- if ".Length..].Replace(Close, "").Trim(), values));
            }
            else if (text == "{{- end }}")
            {
                showing = showing is null ? throw new FormatException("An end without a condition.") : null;
            }
            else if (showing != false)
            {
                result.Append(Substitute(line, values)).Append('\n');
            }
        }

        return showing is null ? result.ToString().TrimEnd('\n') + "\n" : throw new FormatException("A condition without an end.");
    }

    private static string Substitute(string line, IReadOnlyDictionary<string, string> values)
    {
        var start = line.IndexOf(Open, StringComparison.Ordinal);
        if (start < 0)
        {
            return line;
        }

        var end = line.IndexOf(Close, start, StringComparison.Ordinal);
        if (end < 0 || start == 0 || line[start - 1] != '"')
        {
            throw new FormatException($"Values stand alone in double quotes: {line.Trim()}");
        }

        var value = Value(line[(start + 2)..end].Trim(), values);
        return value.Any(c => c is '"' or '\\' || char.IsControl(c))
            ? throw new FormatException("A value holds a quote, a backslash or a control character.")
            : line[..start] + value + Substitute(line[(end + 2)..], values);
    }

    private static string Value(string expression, IReadOnlyDictionary<string, string> values) =>
        expression.StartsWith(".Values.", StringComparison.Ordinal) && values.TryGetValue(expression[".Values.".Length..], out var value)
            ? value
            : throw new FormatException($"Outside the subset, or an unknown value: {expression}");

    private static bool IsSet(string value) => value is not ("" or "false");
}
