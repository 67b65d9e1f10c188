using System.Text.Json;
using Anycast.Core.Clusters;
using Anycast.Core.Common.Tools;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>What the words of a question name in the cluster, once they were looked up.</summary>
/// <param name="Question">The question with its name and namespace put right.</param>
/// <param name="Object">The object that is meant; null when none is, or when nothing could be looked up.</param>
/// <param name="Remark">What must be said of it before anything else; may be empty.</param>
/// <param name="End">The whole answer, when nothing of that name is there.</param>
internal sealed record Naming(Question Question, NamedObject? Object, string Remark, string? End)
{
    /// <summary>The words to look up: those that may be names, and the namespace. None when the page says what is meant.</summary>
    public static IReadOnlyList<string> Words(Question question) =>
        question.About ? [] : [.. question.Candidates, .. question.Namespace is { } ns ? [ns] : Array.Empty<string>()];

    public static Naming None(Question question) => new(question, null, "", null);

    public static Naming Read(Question question, Asked found, Wording say)
    {
        var output = Parse(found.Result);
        var whole = output.Note is null;
        var remark = "";
        if (question.Namespace is { } ns && output.Words.FirstOrDefault(w => w.Word == ns) is { } word && !word.Matches.Any(m => m is { Kind: "Namespace", Fit: NameFit.Exact }))
        {
            if (whole && word.Matches.Count == 0)
            {
                return new Naming(question, null, "", say.Format("NoSuchNamespace", Wording.Code(ns)) + Near(say, word.Near, "AskInNamespace"));
            }

            if (whole)
            {
                // "in checkout": an object, not a namespace.
                question = question with { Namespace = null, Candidates = [.. question.Candidates, ns], Name = question.Name ?? ns };
            }
        }

        if (question.Candidates.Count == 0)
        {
            return new Naming(question, null, remark, null);
        }

        var words = output.Words.Where(w => question.Candidates.Contains(w.Word)).ToList();
        var best = words.SelectMany(w => w.Matches.Select(m => (Word: w, Match: m)))
            .OrderBy(m => m.Match.Fit)
            .ThenBy(m => question.Namespace is { } n && m.Match.Namespace != n)
            .ThenBy(m => m.Match.Kind != question.Kind)
            .FirstOrDefault();
        if (best.Match is null)
        {
            return whole ? Missing(question, words, say) : new Naming(question, null, remark, null);
        }

        var match = best.Match;
        if (match is { Kind: "Namespace", Fit: NameFit.Exact } && question.Kind != "Namespace" && question.Intent is Intent.Diagnose or Intent.Overview or Intent.List)
        {
            var intent = question.Intent == Intent.List ? Intent.List : Intent.Overview;
            return new Naming(question with { Intent = intent, Name = null, Candidates = [], Namespace = match.Name }, null, remark, null);
        }

        // Nothing says that something is wrong, and not every word is a name: it is not clear enough what is asked.
        if (question is { Intent: Intent.Diagnose, OfFault: false } && words.Exists(w => w.Matches.Count == 0))
        {
            return new Naming(question, null, "", Unclear(say, words));
        }

        if (question.Namespace is { } wanted && match.Namespace != wanted)
        {
            remark = say.Format("OtherNamespace", Wording.Code(match.RootName), Wording.Code(match.Namespace), Wording.Code(wanted));
            question = question with { Namespace = match.Namespace };
        }

        // One object is meant by its name; a word that several begin with stands for all of them.
        var roots = best.Word.Matches.Where(m => m.Fit == match.Fit).Select(m => m.RootName).Distinct(StringComparer.Ordinal).Count();
        var name = match.Fit is NameFit.Exact or NameFit.MadeBy || roots == 1 ? match.RootName : best.Word.Word;
        return new Naming(question with { Name = question.Intent is Intent.Describe ? best.Word.Word : name, Candidates = [best.Word.Word] }, match, remark, null);
    }

    /// <summary>The name that an earlier answer proposed instead of a misspelled one.</summary>
    public static string? Suggested(Asked earlier) =>
        earlier is { Name: "find_by_name", Error: null } ? Parse(earlier.Result).Words.Select(w => w.Near).FirstOrDefault(n => n is not null) : null;

    /// <summary>The workloads that the word names, for what is done to workloads.</summary>
    public static IReadOnlyList<NamedObject> Workloads(Question question, Asked found) =>
        [.. Parse(found.Result).Words
            .Where(w => question.Candidates.Contains(w.Word))
            .SelectMany(w => w.Matches)
            .Where(m => ClusterKinds.Workloads.Contains(m.RootKind) && (question.Namespace is null || m.Namespace == question.Namespace))
            .GroupBy(m => m.Fit).OrderBy(g => g.Key).FirstOrDefault() ?? Enumerable.Empty<NamedObject>()];

    private static Naming Missing(Question question, List<FoundWord> words, Wording say)
    {
        var names = string.Join(", ", words.Select(w => Wording.Code(w.Word)));
        if (words.FirstOrDefault(w => w.Near is not null) is { Near: { } near } misspelled && question.Intent is not Intent.Unknown)
        {
            return new Naming(question, null, "", say.Format("NothingNamed", Wording.Code(misspelled.Word)) + Near(say, near, "AskWhy"));
        }

        var without = question.WithoutName();
        return without.Intent switch
        {
            Intent.Unknown => new Naming(question, null, "", question is { OfFault: false, Intent: Intent.Diagnose or Intent.Unknown } ? Unclear(say, words) : say.Format("NothingNamed", names) + "\n\n" + say["WhatCanBeAsked"]),
            _ => new Naming(without, null, without.Kind is { } kind ? say.Format("NothingNamedAll", names, kind) : say.Format("NothingNamed", names), null),
        };
    }

    private static string Unclear(Wording say, List<FoundWord> words) =>
        say.Format("Unclear", string.Join(", ", words.Where(w => w.Matches.Count == 0).Select(w => Wording.Code(w.Word)))) + "\n\n" + say["WhatCanBeAsked"];

    private static string Near(Wording say, string? near, string ask) =>
        near is null ? "\n\n" + say["WhatCanBeAsked"] : "\n\n" + say.Format("DidYouMean", Wording.Code(near)) + " " + say.Format(ask, near);

    private static FindByNameOutput Parse(JsonElement result)
    {
        try
        {
            return result.Deserialize<FindByNameOutput>(ToolJson.Options) is { Words: not null } output ? output : new FindByNameOutput([], "cut");
        }
        catch (JsonException)
        {
            // An old result that was cut is no JSON any more.
            return new FindByNameOutput([], "cut");
        }
    }
}
