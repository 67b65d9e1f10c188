using System.Globalization;
using System.Text.RegularExpressions;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Why the scheduler found no node.</summary>
internal enum SchedulingCause
{
    Resource,
    Selector,
    Taint,
    Cordoned,
    Volume,
    Affinity,
    PodCount,
    Ports,
    Other,
}

/// <summary>One counted cause.</summary>
/// <param name="Nodes">How many nodes it rules out.</param>
/// <param name="Cause">Its class.</param>
/// <param name="Detail">The resource, the taint …</param>
internal sealed record CountedCause(int Nodes, SchedulingCause Cause, string Detail);

/// <summary>
/// Takes apart the scheduler's sentence: <c>0/4 nodes are available: 1 node(s) had untolerated taint {k: v}, 3 Insufficient cpu. preemption: …</c>
/// (kubernetes/pkg/scheduler/framework/types.go, FitError.Error).
/// </summary>
internal static partial class SchedulingMessage
{
    public static IReadOnlyList<CountedCause> Parse(string message)
    {
        var start = message.IndexOf("nodes are available", StringComparison.Ordinal);
        if (start < 0)
        {
            return [];
        }

        // The part on preemption repeats the counts for another question.
        var end = message.IndexOf("preemption:", start, StringComparison.Ordinal);
        var part = end > 0 ? message[start..end] : message[start..];
        var causes = Part().Matches(part).Take(32).Select(Read).ToList();

        // Found before any node is looked at, and therefore printed without a count: it rules out all of them.
        if (causes.Count == 0 && part.Contains("unbound immediate PersistentVolumeClaims", StringComparison.Ordinal))
        {
            causes.Add(new CountedCause(Total(message, start), SchedulingCause.Volume, "unbound immediate PersistentVolumeClaims"));
        }

        return causes;
    }

    /// <summary>N of <c>0/N nodes are available</c>, 0 when it is not there.</summary>
    private static int Total(string message, int end)
    {
        var slash = message.LastIndexOf('/', Math.Max(0, end - 1));
        return slash >= 0 && int.TryParse(message[(slash + 1)..end].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
    }

    private static CountedCause Read(Match match)
    {
        var count = int.TryParse(match.Groups["n"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        var text = match.Groups["text"].Value.TrimEnd('.', ' ');
        if (text.StartsWith("Insufficient ", StringComparison.Ordinal))
        {
            return new CountedCause(count, SchedulingCause.Resource, text["Insufficient ".Length..]);
        }

        bool Says(string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);
        return text switch
        {
            _ when Says("taint") => new CountedCause(count, SchedulingCause.Taint, Taint(text)),
            _ when Says("unschedulable") => new CountedCause(count, SchedulingCause.Cordoned, ""),
            _ when Says("volume") || Says("PersistentVolumeClaim") => new CountedCause(count, SchedulingCause.Volume, text),
            _ when Says("pod anti-affinity") || Says("pod affinity") || Says("topology spread") => new CountedCause(count, SchedulingCause.Affinity, text),
            _ when Says("selector") || Says("node affinity") => new CountedCause(count, SchedulingCause.Selector, text),
            _ when Says("Too many pods") => new CountedCause(count, SchedulingCause.PodCount, ""),
            _ when Says("free ports") => new CountedCause(count, SchedulingCause.Ports, ""),
            _ => new CountedCause(count, SchedulingCause.Other, text),
        };
    }

    private static string Taint(string text)
    {
        var open = text.IndexOf('{', StringComparison.Ordinal);
        var close = text.IndexOf('}', StringComparison.Ordinal);
        return open >= 0 && close > open ? text[(open + 1)..close].Trim().TrimEnd(':') : "";
    }

    [GeneratedRegex(@"(?<n>\d{1,6}) (?<text>Insufficient [A-Za-z0-9./-]+|Too many pods|node\(s\)[^,{.]*(?:\{[^}]*\})?|pod has unbound[^,.]*)", RegexOptions.None, 100)]
    private static partial Regex Part();
}
