using System.Text;

namespace Anycast.Tunnel.Operations;

/// <summary>One step of a <see cref="FieldPath"/>: a field, or the key of a list item or map entry.</summary>
public readonly record struct FieldStep(string Text, bool IsKey);

/// <summary>
/// The path of a leaf as people and proposals write it: <c>spec.template.spec.containers[checkout].image</c>,
/// <c>spec.selector[app.kubernetes.io/name]</c>. List items go by their name, a Service's ports also by their number, and items
/// without either by their position.
/// </summary>
public sealed class FieldPath
{
    private const int MaxLength = 512;

    private FieldPath(FieldStep[] steps) => Steps = steps;

    public IReadOnlyList<FieldStep> Steps { get; }

    /// <summary>Parses a path; null when it is none.</summary>
    public static FieldPath? Parse(string text)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return null;
        }

        var steps = new List<FieldStep>();
        var at = 0;
        while (at < text.Length)
        {
            var end = at;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
            {
                end++;
            }

            if (end == at)
            {
                return null;
            }

            // "limits.memory" is how people write "limits[memory]".
            steps.Add(new FieldStep(text[at..end], steps is [.., { IsKey: false, Text: "limits" or "requests" or "nodeSelector" }]));
            while (end < text.Length && text[end] == '[')
            {
                var close = text.IndexOf(']', end);
                if (close <= end + 1)
                {
                    return null;
                }

                steps.Add(new FieldStep(text[(end + 1)..close], true));
                end = close + 1;
            }

            if (end == text.Length)
            {
                return new FieldPath([.. steps]);
            }

            if (text[end] != '.')
            {
                return null;
            }

            at = end + 1;
        }

        return null;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var step in Steps)
        {
            if (step.IsKey)
            {
                text.Append('[').Append(step.Text).Append(']');
            }
            else
            {
                text.Append(text.Length == 0 ? "" : ".").Append(step.Text);
            }
        }

        return text.ToString();
    }
}
