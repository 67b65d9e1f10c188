using System.Globalization;
using System.Text.RegularExpressions;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>What the built-in assistant understands.</summary>
internal enum Intent
{
    Unknown = 0,
    Help,

    /// <summary>What is broken at all, or of one kind?</summary>
    Overview,

    /// <summary>Why does this fail?</summary>
    Diagnose,
    List,
    Describe,

    /// <summary>Mend it.</summary>
    Fix,
    Scale,
    Restart,

    /// <summary>Asked for what it never does or sees.</summary>
    Delete,
    Secret,
    Log,

    Thanks,
    Greeting,

    /// <summary>Yes, do it.</summary>
    Yes,
}

/// <summary>A question, understood by words. German and English, decided by the words used.</summary>
/// <param name="Intent">What is wanted.</param>
/// <param name="Culture">The language of the question; where its words leave that open, of those before it.</param>
/// <param name="Namespace">Namespace.</param>
/// <param name="Kind">Kubernetes kind.</param>
/// <param name="Candidates">Words that may be the name of an object, in their order: which one is, the cluster knows.</param>
internal sealed partial record Question(Intent Intent, CultureInfo Culture, string? Namespace, string? Kind, IReadOnlyList<string> Candidates)
{
    /// <summary>As many words as are looked up.</summary>
    public const int MaxCandidates = 7;

    private static readonly CultureInfo German = CultureInfo.GetCultureInfo("de");
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    /// <summary>Name or part of a name of an object: until it is looked up, the first word that may be one.</summary>
    public string? Name { get; init; }

    /// <summary>Kind, namespace and name are not the person's words but those of the page on which it was asked.</summary>
    public bool About { get; init; }

    public State State { get; init; }

    /// <summary>Which pressure is meant, as conditions of nodes begin: <c>Memory</c>, <c>Disk</c>, <c>PID</c>; null for any.</summary>
    public string? Pressure { get; init; }

    /// <summary>It asks how many there are, not which.</summary>
    public bool Counts { get; init; }

    /// <summary>It says that something is wrong; not only that something is.</summary>
    public bool OfFault { get; init; }

    /// <summary>What is to be resumed was suspended.</summary>
    public bool Resume { get; init; }

    /// <summary>The last whole number in it.</summary>
    public int? Number { get; init; }

    /// <summary>Understands a question. <c>[About Kind/namespace/name]</c> on its first line stands for "this".</summary>
    /// <param name="earlier">The questions before it, oldest first: a short one speaks their language.</param>
    public static Question Parse(string text, params IEnumerable<string> earlier)
    {
        var about = AboutLine().Match(text);
        var body = about.Success ? text[about.Length..] : text;
        var tokens = Tokens(body);
        var culture = Language(tokens) ?? earlier.Reverse().Take(20).Select(e => Language(Tokens(e))).FirstOrDefault(c => c is not null) ?? English;
        var ns = FindNamespace(tokens);
        var kind = tokens.Select(t => Vocabulary.Kinds.GetValueOrDefault(t)).FirstOrDefault(k => k is not null && !(k == "Namespace" && ns is not null));
        var path = tokens.FirstOrDefault(t => t.Split('/') is [{ Length: > 0 }, { Length: > 0 }]);
        List<string> candidates = path is not null ? [path.Split('/')[1]] : [.. tokens.Where(t => IsName(t) && t != ns).Distinct().Take(MaxCandidates)];
        var name = candidates.Count > 0 ? candidates[0] : null;
        var isAbout = about.Success && name is null;
        if (isAbout)
        {
            kind = about.Groups["kind"].Value;
            ns = about.Groups["ns"].Value is { Length: > 0 } of ? of : null;
            name = about.Groups["name"].Value;
        }

        var question = new Question(Intent.Unknown, culture, ns, kind, candidates)
        {
            Name = name,
            About = isAbout,
            State = Vocabulary.StateOf(tokens),
            Pressure = tokens.Select(t => t switch { "memory" or "speicher" or "memorypressure" or "speicherdruck" => "Memory", "disk" or "festplatte" or "diskpressure" => "Disk", "pid" or "pidpressure" => "PID", _ => null }).FirstOrDefault(p => p is not null),
            Counts = tokens.Exists(Vocabulary.Count.Contains),
            OfFault = tokens.Exists(Vocabulary.Fault.Contains),
            Resume = tokens.Exists(Vocabulary.Resume.Contains),
            Number = tokens.Select(t => int.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : (int?)null).LastOrDefault(n => n is not null),
        };
        return question with { Intent = IntentOf(question, tokens, body) };
    }

    /// <summary>The same question when none of its words names anything: a fault of a kind, a list, or nothing that is understood.</summary>
    public Question WithoutName() => this with
    {
        Name = null,
        Candidates = [],
        Intent = Intent switch
        {
            Intent.List => Intent.List,
            Intent.Diagnose or Intent.Overview when Kind is not null && OfFault => Intent.Overview,
            Intent.Overview => Intent.Overview,
            _ => Intent.Unknown,
        },
    };

    private static Intent IntentOf(Question q, List<string> tokens, string body)
    {
        bool Has(HashSet<string> words) => tokens.Exists(words.Contains);
        var why = Has(Vocabulary.Why);
        var named = q.Name is not null;
        var asks = named || q.Kind is not null || q.OfFault;
        return Has(Vocabulary.Delete) && !why ? Intent.Delete
            : Has(Vocabulary.Log) ? Intent.Log
            : Has(Vocabulary.Secret) && !q.OfFault ? Intent.Secret
            : Has(Vocabulary.Scale) && !why ? Intent.Scale
            : Has(Vocabulary.Fix) || q.Resume && !why ? Intent.Fix
            : named && !why && IsRestart(tokens) ? Intent.Restart
            : !asks && tokens.Count <= 8 && Has(Vocabulary.Thanks) ? Intent.Thanks
            : !asks && tokens.Count <= 4 && Has(Vocabulary.Greeting) ? Intent.Greeting
            : !asks && tokens.Count <= 6 && (Has(Vocabulary.Yes) || DoIt().IsMatch(body)) ? Intent.Yes
            : Has(Vocabulary.Describe) && named && q.Kind is not null ? Intent.Describe
            : q.Kind is not null && !why && (Has(Vocabulary.List) || Has(Vocabulary.Count) || q.State != State.Any && !named) ? Intent.List
            : q.OfFault && named ? Intent.Diagnose
            : Has(Vocabulary.Help) || CanYou().IsMatch(body) ? Intent.Help
            : q.OfFault ? Intent.Overview
            : q.Kind is not null && !named ? Intent.List
            : named && tokens.Count <= 6 ? Intent.Diagnose
            : Intent.Unknown;
    }

    /// <summary>"restart checkout", "starte checkout neu": said as an order, at the beginning.</summary>
    private static bool IsRestart(List<string> tokens) =>
        tokens.FirstOrDefault(t => t is not ("please" or "bitte" or "can" or "could" or "you" or "kannst" or "du")) is { } first
        && Vocabulary.Restart.Contains(first) && (first != "starte" || tokens.Contains("neu"));

    private static List<string> Tokens(string text) =>
        [.. Token().Matches(text.ToLowerInvariant()).Take(200).Select(m => m.Value.Trim('.', '-', '\'')).Where(t => t.Length > 0)];

    /// <summary>Null when the words do not tell.</summary>
    private static CultureInfo? Language(List<string> tokens)
    {
        var german = tokens.Count(Vocabulary.German.Contains) + tokens.Count(t => t.Any(c => c is 'ä' or 'ö' or 'ü' or 'ß'));
        var english = tokens.Count(Vocabulary.English.Contains);
        return german > english ? German : english > german ? English : null;
    }

    /// <summary>After <c>in</c>, <c>im</c>, <c>namespace</c>; or before <c>namespace</c>.</summary>
    private static string? FindNamespace(List<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i] is "namespace" or "namensraum" && i + 1 < tokens.Count && IsName(tokens[i + 1]))
            {
                return tokens[i + 1];
            }

            if (tokens[i] is "in" or "im" && i + 1 < tokens.Count && IsName(tokens[i + 1]))
            {
                return tokens[i + 1];
            }

            if (tokens[i] is "the" or "im" or "den" or "dem" && i + 2 < tokens.Count && tokens[i + 2] == "namespace" && IsName(tokens[i + 1]))
            {
                return tokens[i + 1];
            }
        }

        return tokens.FirstOrDefault(t => t.Split('/') is [{ Length: > 0 }, { Length: > 0 }])?.Split('/')[0];
    }

    private static bool IsName(string token) => !Vocabulary.NoNames.Contains(token) && ObjectName().IsMatch(token) && token.Any(char.IsAsciiLetter);

    [GeneratedRegex(@"\A\[About (?<kind>[A-Za-z0-9]{1,63})/(?<ns>[a-z0-9.-]{0,253})/(?<name>[a-z0-9.:-]{1,253})\]\s*", RegexOptions.CultureInvariant, 100)]
    private static partial Regex AboutLine();

    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}./'-]*", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Token();

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9.-]{1,252}\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex ObjectName();

    [GeneratedRegex(@"\b(do it|go ahead|mach (das|es)|tu es)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 100)]
    private static partial Regex DoIt();

    [GeneratedRegex(@"what can you|was kannst du|wer bist du|who are you", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 100)]
    private static partial Regex CanYou();
}
