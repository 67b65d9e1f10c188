namespace Anycast.Core.Diagnostics;

/// <summary>Label selectors of the equality kind, and how near a workload's labels are to one.</summary>
internal static class Labels
{
    /// <summary>True when every pair of the selector stands among the labels. An empty selector matches nothing here.</summary>
    public static bool Match(IDictionary<string, string>? selector, IDictionary<string, string>? labels)
    {
        if (selector is null || selector.Count == 0 || labels is null)
        {
            return false;
        }

        foreach (var (key, value) in selector)
        {
            if (!labels.TryGetValue(key, out var have) || have != value)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many pairs of the selector the labels carry.</summary>
    public static int Overlap(IDictionary<string, string> selector, IDictionary<string, string> labels) =>
        selector.Count(p => labels.TryGetValue(p.Key, out var have) && have == p.Value);

    /// <summary><c>app=checkout, tier=web</c>, ordered by key.</summary>
    public static string Print(IDictionary<string, string>? labels) =>
        labels is null ? "" : string.Join(", ", labels.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"));
}

/// <summary>Look-up with a default for the interface that typed objects use.</summary>
internal static class DictionaryExtensions
{
    public static string GetValueOr(this IDictionary<string, string> map, string key, string otherwise) =>
        map.TryGetValue(key, out var value) ? value : otherwise;
}
