using System.Globalization;

namespace Anycast.Web.Shell.Parts;

/// <summary>The parameter "page" of an address. Anybody can type anything there; what is no number is the first page, not an error.</summary>
public static class PageNumber
{
    public static int Of(string? typed) => int.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number
        : typed is { Length: > 0 } && typed.All(char.IsAsciiDigit) ? int.MaxValue : 1;
}
