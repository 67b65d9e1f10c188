using System.Globalization;
using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The wire form of what is withheld (DESIGN promise 2). A marker carries a length or a count, never a part of the value:
/// no prefix, no last four, no hash (values of low entropy can be guessed from one).
/// </summary>
public static class Marker
{
    /// <summary>How every withheld string begins. A value that holds this is never written to a cluster.</summary>
    public const string Start = "«withheld";

    private static ReadOnlySpan<byte> StringStart => "«withheld:"u8;

    private static ReadOnlySpan<byte> CountStart => "«+"u8;

    private static ReadOnlySpan<byte> End => "»"u8;

    /// <summary>The marker of a string of <paramref name="length"/> UTF-16 characters.</summary>
    public static string ForString(int length) => string.Create(CultureInfo.InvariantCulture, $"«withheld:{length}»");

    /// <summary>The marker of <paramref name="count"/> list items.</summary>
    public static string ForCount(int count) => string.Create(CultureInfo.InvariantCulture, $"«+{count}»");

    /// <summary>True when the text is, or holds, a marker: such a value can't be written back.</summary>
    public static bool IsIn(string? text) => text is not null && (text.Contains('«', StringComparison.Ordinal) || text.Contains('»', StringComparison.Ordinal));

    /// <summary>True for exactly <c>«withheld:N»</c> in UTF-8.</summary>
    internal static bool IsString(ReadOnlySpan<byte> utf8) => Is(utf8, StringStart);

    /// <summary>True for exactly <c>«+N»</c> in UTF-8.</summary>
    internal static bool IsCount(ReadOnlySpan<byte> utf8) => Is(utf8, CountStart);

    internal static int Write(Span<byte> target, int length) =>
        Encoding.UTF8.GetBytes(ForString(length), target);

    private static bool Is(ReadOnlySpan<byte> utf8, ReadOnlySpan<byte> start)
    {
        if (!utf8.StartsWith(start) || !utf8.EndsWith(End))
        {
            return false;
        }

        var digits = utf8[start.Length..^End.Length];
        return digits.Length is > 0 and <= 9 && digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }
}
