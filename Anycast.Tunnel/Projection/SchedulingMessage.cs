using System.Globalization;
using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The scheduler's sentence, <c>0/N nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {k: v}. preemption: …</c>
/// (kubernetes/pkg/scheduler/framework/types.go, FitError), taken apart into counted causes that are known by name. A cause that is
/// not known is counted as <c>other cause</c>; the part on preemption is left out.
/// </summary>
internal static class SchedulingMessage
{
    private const string Available = " nodes are available: ";

    private static readonly string[] Known =
    [
        "node(s) didn't match Pod's node affinity/selector",
        "node(s) didn't match pod affinity rules",
        "node(s) didn't match pod anti-affinity rules",
        "node(s) didn't satisfy existing pods anti-affinity rules",
        "node(s) didn't match pod topology spread constraints",
        "node(s) didn't match pod topology spread constraints (missing required label)",
        "node(s) didn't find available persistent volumes to bind",
        "node(s) had volume node affinity conflict",
        "node(s) had no available volume zone",
        "node(s) exceed max volume count",
        "node(s) didn't have free ports for the requested pod ports",
        "node(s) were unschedulable",
        "node(s) didn't match the requested node name",
        "node(s) had untolerated taint",
        "pod has unbound immediate PersistentVolumeClaims",
        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
        "Too many pods",
        "other cause",
    ];

    public static string? Render(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var available = text.IndexOf(Available, StringComparison.Ordinal);
        if (slash < 1 || available < slash || !Number(text[..slash], out var fit) || !Number(text[(slash + 1)..available], out var all))
        {
            return text == "no nodes available to schedule pods" ? text : null;
        }

        var causes = text[(available + Available.Length)..];
        var preemption = causes.IndexOf(". preemption:", StringComparison.Ordinal);
        causes = (preemption >= 0 ? causes[..preemption] : causes).TrimEnd('.', ' ');
        var output = new StringBuilder();
        output.Append(CultureInfo.InvariantCulture, $"{fit}/{all}{Available}");
        var first = true;
        var other = 0;
        foreach (var cause in Split(causes))
        {
            var blank = cause.IndexOf(' ', StringComparison.Ordinal);
            var count = 1;
            var known = Cause(blank > 0 && Number(cause[..blank], out count) ? cause[(blank + 1)..] : cause);
            if (known is null or "other cause")
            {
                other += Math.Max(count, 1);
                continue;
            }

            output.Append(first ? "" : ", ");
            if (blank > 0 && char.IsAsciiDigit(cause[0]))
            {
                output.Append(CultureInfo.InvariantCulture, $"{count} ");
            }

            output.Append(known);
            first = false;
        }

        if (other > 0)
        {
            output.Append(CultureInfo.InvariantCulture, $"{(first ? "" : ", ")}{other} other cause");
        }

        return output.Append('.').ToString();
    }

    private static string? Cause(string text)
    {
        const string insufficient = "Insufficient ";
        if (text.StartsWith(insufficient, StringComparison.Ordinal))
        {
            return MessageHoles.Render("name", text[insufficient.Length..]) is { } resource ? insufficient + resource : null;
        }

        const string taint = "node(s) had untolerated taint ";
        const string oldTaint = "node(s) had taint ";
        if (text.StartsWith(taint, StringComparison.Ordinal) || text.StartsWith(oldTaint, StringComparison.Ordinal))
        {
            return Taint(text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..]) is { } key ? $"{taint}{{{key}}}" : Known[13];
        }

        return Known.FirstOrDefault(k => k == text);
    }

    private static string? Taint(string inside)
    {
        var close = inside.IndexOf('}', StringComparison.Ordinal);
        var parts = (close < 0 ? inside : inside[..close]).Split(": ", 2);
        var key = MessageHoles.Render("name", parts[0].TrimEnd(':'));
        var value = parts.Length == 2 && parts[1].Length > 0 ? MessageHoles.Render("name", parts[1]) : "";
        return key is null || value is null ? null : $"{key}: {value}";
    }

    /// <summary>Divides at commas outside braces.</summary>
    private static IEnumerable<string> Split(string causes)
    {
        var start = 0;
        var depth = 0;
        for (var i = 0; i < causes.Length; i++)
        {
            depth += causes[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0 && causes[i] == ',')
            {
                yield return causes[start..i].Trim();
                start = i + 1;
            }
        }

        yield return causes[start..].Trim();
    }

    private static bool Number(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
