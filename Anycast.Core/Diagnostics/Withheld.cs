namespace Anycast.Core.Diagnostics;

/// <summary>Values that the agent kept in the cluster arrive as <c>«withheld:N»</c> (DESIGN promise 2); no rule may read meaning into them.</summary>
public static class Withheld
{
    /// <summary>True for a marker.</summary>
    public static bool Is(string? value) => value is not null && value.StartsWith("«withheld:", StringComparison.Ordinal);

    /// <summary>The value, or the empty string when it is absent or withheld.</summary>
    public static string Visible(string? value) => value is null || Is(value) ? "" : value;
}
