namespace Anycast.Web.Shell.Palette;

/// <summary>How well a typed text fits a title.</summary>
public static class PaletteMatch
{
    /// <summary>0 when it does not fit; more is better: at the start, at the start of a word, inside, letters in order.</summary>
    public static int Score(string text, string title)
    {
        text = text.Trim();
        if (text.Length == 0)
        {
            return 1;
        }

        var at = title.IndexOf(text, StringComparison.CurrentCultureIgnoreCase);
        return at switch
        {
            0 => 100 - Math.Min(title.Length - text.Length, 50),
            > 0 when !char.IsLetterOrDigit(title[at - 1]) => 45,
            > 0 => 30,
            _ => IsSubsequence(text, title) ? 10 : 0,
        };
    }

    private static bool IsSubsequence(string text, string title)
    {
        var next = 0;
        foreach (var letter in title)
        {
            if (next < text.Length && char.ToUpperInvariant(letter) == char.ToUpperInvariant(text[next]))
            {
                next++;
            }
        }

        return next == text.Length;
    }
}
