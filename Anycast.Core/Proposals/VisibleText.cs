using System.Globalization;
using System.Text;

namespace Anycast.Core.Proposals;

/// <summary>How a piece of a value is to be shown.</summary>
public enum TextPart
{
    Plain = 0,

    /// <summary>A character that cannot be seen or that changes the order of others, written out as <c>U+200B</c>.</summary>
    Escaped = 1,

    /// <summary>A letter that looks like another: anything beyond ASCII in what is an ASCII name or value.</summary>
    Unusual = 2,
}

/// <summary>
/// Cuts a value into pieces so that an approver sees all that is in it (T4): no invisible, bidirectional or tag character, no variation selector and
/// no control character passes unseen, and letters that are not ASCII stand out.
/// </summary>
public static class VisibleText
{
    public static IReadOnlyList<(string Text, TextPart Part)> Split(string value)
    {
        var parts = new List<(string, TextPart)>();
        var run = new StringBuilder();
        var kind = TextPart.Plain;
        foreach (var rune in value.EnumerateRunes())
        {
            var next = PartOf(rune);
            if (next != kind || next == TextPart.Escaped)
            {
                Flush();
                kind = next;
            }

            run.Append(next == TextPart.Escaped ? $"U+{rune.Value:X4}" : rune.ToString());
        }

        Flush();
        return parts;

        void Flush()
        {
            if (run.Length > 0)
            {
                parts.Add((run.ToString(), kind));
                run.Clear();
            }
        }
    }

    /// <summary>True when nothing in it needs an approver's second look.</summary>
    public static bool IsPlain(string value) => value.EnumerateRunes().All(r => PartOf(r) == TextPart.Plain);

    private static TextPart PartOf(Rune rune) => rune.Value switch
    {
        >= 0x20 and < 0x7F => TextPart.Plain,
        0xFFFD or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF) or 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800 or 0x034F => TextPart.Escaped,
        _ => Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark => TextPart.Escaped,
            _ => TextPart.Unusual,
        },
    };
}
