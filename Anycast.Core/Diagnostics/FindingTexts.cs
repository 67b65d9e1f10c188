using System.Globalization;
using System.Resources;
using System.Text;

namespace Anycast.Core.Diagnostics;

/// <summary>Title, cause and remedy of a finding in a language, from <c>DiagnosticsText.resx</c> and its German sister.</summary>
public static class FindingTexts
{
    private static readonly ResourceManager Resources = new("Anycast.Core.Diagnostics.DiagnosticsText", typeof(FindingTexts).Assembly);

    /// <summary>One line: what is wrong with what.</summary>
    public static string Title(Finding finding, CultureInfo culture) => Text($"{finding.Rule}.Title", finding.Args, culture);

    /// <summary>Why, and where that is seen.</summary>
    public static string Cause(Finding finding, CultureInfo culture) => Text($"{finding.Rule}.Cause", finding.Args, culture);

    /// <summary>What a person can do.</summary>
    public static string Remedy(Finding finding, CultureInfo culture) => Text($"{finding.Rule}.Remedy", finding.Args, culture);

    /// <summary>What the suggested change does and where its values come from.</summary>
    public static string Fix(SuggestedFix fix, CultureInfo culture) => Text(fix.Origin, fix.Args, culture);

    /// <summary>A text by rule and part (<c>Title</c>, <c>Cause</c>, <c>Remedy</c>), for findings that come from a tool's output.</summary>
    public static string Of(string rule, string part, IReadOnlyDictionary<string, string> args, CultureInfo culture) => Text($"{rule}.{part}", args, culture);

    /// <summary>A suggested change's text by its key.</summary>
    public static string OfFix(string origin, IReadOnlyDictionary<string, string> args, CultureInfo culture) => Text(origin, args, culture);

    /// <summary>The word for a severity.</summary>
    public static string Severity(FindingSeverity severity, CultureInfo culture) => Text($"Severity.{severity}", EmptyArgs, culture);

    /// <summary>True when the key exists; tests hold every rule to it.</summary>
    internal static bool Has(string key, CultureInfo culture) =>
        Resources.GetResourceSet(culture, createIfNotExists: true, tryParents: false)?.GetString(key) is { Length: > 0 };

    private static readonly Dictionary<string, string> EmptyArgs = [];

    private static string Text(string key, IReadOnlyDictionary<string, string> args, CultureInfo culture) =>
        Fill(Resources.GetString(key, culture) ?? key, args);

    /// <summary>
    /// Replaces <c>{name}</c>, and <c>{name? text with {name}}</c> which stands only when the value is not empty. One pass: what a
    /// cluster put into a value is never read as a placeholder.
    /// </summary>
    internal static string Fill(string template, IReadOnlyDictionary<string, string> args)
    {
        var text = new StringBuilder(template.Length + 64);
        Append(text, template, args);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string template, IReadOnlyDictionary<string, string> args)
    {
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '{')
            {
                text.Append(template[i]);
                continue;
            }

            var end = Close(template, i);
            var inner = template[(i + 1)..end];
            var question = inner.IndexOf('?', StringComparison.Ordinal);
            if (question < 0)
            {
                text.Append(args.GetValueOrDefault(inner, ""));
            }
            else if (args.GetValueOrDefault(inner[..question], "").Length > 0)
            {
                Append(text, inner[(question + 1)..], args);
            }

            i = end;
        }
    }

    private static int Close(string template, int open)
    {
        var depth = 0;
        for (var i = open; i < template.Length; i++)
        {
            depth += template[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        throw new FormatException("Unbalanced placeholder in a text of DiagnosticsText.");
    }
}
