using System.Globalization;
using System.Text.RegularExpressions;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Shell;

/// <summary>Every pair of colours that carries text passes WCAG 2.2 AA (4.5 to 1), lines of controls 3 to 1, in both schemes: computed from tokens.css.</summary>
public sealed partial class ThemeContrastTests
{
    private static readonly Dictionary<string, (string Light, string Dark)> s_tokens = TokenPattern()
        .Matches(File.ReadAllText(RepositoryRoot.At("Anycast.Web", "wwwroot", "css", "tokens.css")))
        .ToDictionary(m => m.Groups[1].Value, m => (m.Groups[2].Value, m.Groups[3].Value));

    public static TheoryData<string, string, double> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string, double>();
            foreach (var background in new[] { "bg", "surface", "surface-2", "rail" })
            {
                foreach (var text in new[] { "text", "text-2", "text-3", "link" })
                {
                    pairs.Add(text, background, 4.5);
                }
            }

            foreach (var status in new[] { "ok", "info", "warn", "bad", "idle" })
            {
                pairs.Add(status, status + "-soft", 4.5);
                pairs.Add(status, "surface", 4.5);
                pairs.Add(status, "bg", 4.5);
            }

            pairs.Add("text", "surface-3", 4.5);
            pairs.Add("text-2", "surface-3", 4.5);
            pairs.Add("accent-text", "accent", 4.5);
            pairs.Add("accent-text", "accent-hover", 4.5);
            pairs.Add("accent-soft-text", "accent-soft", 4.5);
            pairs.Add("text-2", "accent-soft", 4.5);
            pairs.Add("control-line", "surface", 3);
            pairs.Add("focus", "bg", 3);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Colours_InBothSchemes_AreReadable(string text, string background, double atLeast)
    {
        Assert.True(Contrast(s_tokens[text].Light, s_tokens[background].Light) >= atLeast, $"light: {text} on {background} is {Contrast(s_tokens[text].Light, s_tokens[background].Light):0.00}");
        Assert.True(Contrast(s_tokens[text].Dark, s_tokens[background].Dark) >= atLeast, $"dark: {text} on {background} is {Contrast(s_tokens[text].Dark, s_tokens[background].Dark):0.00}");
    }

    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    // WCAG 2.2, "relative luminance".
    private static double Luminance(string hex)
    {
        double Channel(int at)
        {
            var value = int.Parse(hex.AsSpan(1 + at * 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255d;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return 0.2126 * Channel(0) + 0.7152 * Channel(1) + 0.0722 * Channel(2);
    }

    [GeneratedRegex(@"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")]
    private static partial Regex TokenPattern();
}
