namespace Anycast.Core.Activity;

/// <summary>The areas by which activity is filtered: what a person takes for one thing is several categories of operations.</summary>
public static class ActivityAreas
{
    private static readonly Dictionary<string, string[]> s_areas = new(StringComparer.Ordinal)
    {
        ["account"] = ["account.", "sessions.", "tokens."],
        ["teams"] = ["teams.", "members.", "invitations."],
        ["clusters"] = ["clusters."],
        ["agents"] = ["agents."],
        ["proposals"] = ["proposals."],
        ["assistant"] = ["assistant."],
        ["operators"] = ["operators."],
    };

    /// <summary>All of them, in the order of the pages.</summary>
    public static IReadOnlyList<string> All { get; } = [.. s_areas.Keys];

    /// <summary>How the operations of an area begin; one that is none begins as itself.</summary>
    internal static IReadOnlyList<string> Prefixes(string area) => s_areas.TryGetValue(area, out var prefixes) ? prefixes : [area + "."];
}
