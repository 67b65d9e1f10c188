namespace Anycast.Core.Common;

/// <summary>What a person types into a search field, as a pattern for LIKE with the escape <c>\</c>.</summary>
public static class SearchText
{
    public const string Escape = "\\";

    /// <summary>Anywhere in a text, letters of either case. Compare with a column in lower case: so it is found on every database, umlauts included.</summary>
    public static string Anywhere(string typed) => "%" + typed.Trim().ToLowerInvariant().Replace("\\", "\\\\").Replace("%", "\\%").Replace("_", "\\_") + "%";
}
