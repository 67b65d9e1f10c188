namespace Anycast.Core.Common;

/// <summary>How near two names are, for "did you mean".</summary>
internal static class Spelling
{
    /// <summary>
    /// Edit distance with swaps of neighbours (optimal string alignment) between two names, for "did you mean". Names have at most
    /// 253 characters, so the square is small.
    /// </summary>
    public static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var same = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }

    /// <summary>
    /// The one name that is clearly meant: contained in the other or at most a third of its letters away, and nearer than every other.
    /// Null when none or when two are equally near, because a fix must not be a coin toss.
    /// </summary>
    public static string? Nearest(string wanted, IEnumerable<string> candidates)
    {
        var ranked = candidates
            .Where(c => c.Length > 0 && c != wanted)
            .Distinct(StringComparer.Ordinal)
            .Select(c => (Name: c, Score: Score(wanted, c)))
            .Where(c => c.Score >= 0)
            .OrderBy(c => c.Score)
            .Take(2)
            .ToList();
        return ranked.Count switch
        {
            0 => null,
            1 => ranked[0].Name,
            _ => ranked[0].Score < ranked[1].Score ? ranked[0].Name : null,
        };
    }

    private static int Score(string wanted, string candidate)
    {
        var distance = Distance(wanted, candidate);
        if (distance <= Math.Max(1, Math.Max(wanted.Length, candidate.Length) / 3))
        {
            return distance;
        }

        // checkout ↔ checkout-svc: one is the other with a word more.
        var (longer, shorter) = wanted.Length > candidate.Length ? (wanted, candidate) : (candidate, wanted);
        return longer.StartsWith(shorter + "-", StringComparison.Ordinal) || longer.EndsWith("-" + shorter, StringComparison.Ordinal)
            ? distance
            : -1;
    }
}
