using System.Globalization;

namespace Anycast.Sandbox.Storage;

/// <summary>Kubernetes quantities (<c>250m</c>, <c>1.5Gi</c>, <c>2e3</c>), as far as resources and quotas need them.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] _suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1000m), ("M", 1000000m), ("G", 1000000000m), ("T", 1000000000000m),
        ("P", 1000000000000000m), ("E", 1000000000000000000m),
    ];

    public static bool TryParse(string text, out decimal value)
    {
        foreach (var (suffix, factor) in _suffixes)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                var ok = decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
                value = ok && Math.Abs(value) < 1_000_000_000m ? value * factor : value;
                return ok;
            }
        }

        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Whole units (bytes, pods), rounded up; 0 for what is not a quantity.</summary>
    public static long Units(string text) => TryParse(text, out var value) ? (long)Math.Ceiling(value) : 0;

    /// <summary>Thousandths (millicores), rounded up; 0 for what is not a quantity.</summary>
    public static long Millis(string text) => TryParse(text, out var value) ? (long)Math.Ceiling(value * 1000m) : 0;

    /// <summary>Prints millicores as Kubernetes would: <c>2</c>, <c>1500m</c>.</summary>
    public static string FromMillis(long millis) => millis % 1000 == 0
        ? (millis / 1000).ToString(CultureInfo.InvariantCulture)
        : millis.ToString(CultureInfo.InvariantCulture) + "m";

    /// <summary>Prints bytes with the largest binary suffix that loses nothing.</summary>
    public static string FromBytes(long bytes)
    {
        string[] suffixes = ["", "Ki", "Mi", "Gi", "Ti"];
        var step = 0;
        while (bytes != 0 && bytes % 1024 == 0 && step < suffixes.Length - 1)
        {
            bytes /= 1024;
            step++;
        }

        return bytes.ToString(CultureInfo.InvariantCulture) + suffixes[step];
    }
}
