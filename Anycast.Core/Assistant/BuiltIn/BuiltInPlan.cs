using System.Globalization;
using System.Text.Json;
using Anycast.Core.Clusters;
using Anycast.Core.Common.Tools;
using Anycast.Core.Diagnostics;
using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>What to say now, and which tool to call then; without a call the answer is complete.</summary>
internal sealed record Step(string Text, FunctionCallContent? Call = null);

/// <summary>
/// Decides the next step from the question and what tools have said since: a small fixed plan per intent. Holds no state; the transcript is the state.
/// </summary>
internal static class BuiltInPlan
{
    private const int MostListed = 100;

    public static Step Next(Transcript transcript)
    {
        var question = Question.Parse(transcript.Question, transcript.Earlier);
        var say = new Wording(question.Culture);
        if (transcript.Since is [.., { Error: { } error }] && !(transcript.Since is [.., { Name: "describe_with_events" }]))
        {
            return new Step(say.End(say.ToolFailed(transcript.Since[^1].Name, error)));
        }

        if (question.Intent == Intent.Yes && transcript.Before is [.., var before] && Naming.Suggested(before) is { } meant)
        {
            question = question with { Intent = Intent.Diagnose, Candidates = [meant], Name = meant };
        }

        if (Talk.About(question, transcript, say) is { } talk)
        {
            return new Step(talk);
        }

        var naming = Naming.None(question);
        if (Naming.Words(question) is { Count: > 0 } words)
        {
            if (Last(transcript, "find_by_name") is not { } found)
            {
                return Call(transcript, "", "find_by_name", new() { ["words"] = words, ["namespace"] = KubernetesNames.IsNamespace(question.Namespace) ? question.Namespace : null });
            }

            naming = Naming.Read(question, found, say);
        }

        return naming.End is { } end ? new Step(say.End(end)) : naming.Question.Intent switch
        {
            Intent.Diagnose => Diagnose(transcript, naming, say),
            Intent.Fix => Changes.Fix(transcript, naming, say),
            Intent.Scale or Intent.Restart => Changes.OfWorkload(transcript, naming, say),
            Intent.Overview => Overview(transcript, naming, say),
            Intent.List => List(transcript, naming, say),
            Intent.Describe => Describe(transcript, naming.Question, say),
            _ => new Step(say["Unknown"]),
        };
    }

    /// <summary>Diagnose, describe what it found, explain, propose the fix, close.</summary>
    private static Step Diagnose(Transcript transcript, Naming naming, Wording say)
    {
        var question = naming.Question;
        if (Last(transcript, "diagnose") is not { } diagnosed)
        {
            return Call(transcript, Join(naming.Remark, say.LookAt(question.Name, question.Namespace)), "diagnose", new() { ["name"] = question.Name, ["namespace"] = question.Namespace });
        }

        var findings = Findings(diagnosed);
        if (findings.Findings.Count == 0)
        {
            var kind = naming.Object is { RootKind: var root } && ClusterKinds.Listed.Contains(root) ? root : "Pod";
            return Last(transcript, "list_resources") is { } listed
                ? new Step(say.End(Answers.NothingFound(say, question, listed.Result)))
                : Call(transcript, "", "list_resources", new() { ["kind"] = kind, ["search"] = question.Name, ["namespace"] = question.Namespace, ["limit"] = 10 });
        }

        var main = Main(findings.Findings, question.Name);
        var described = Last(transcript, "describe_with_events");
        if (described is null && ClusterKinds.Find(main.Kind) is not null)
        {
            return Call(transcript, "", "describe_with_events", new() { ["kind"] = main.Kind, ["name"] = main.Name, ["namespace"] = main.Namespace.Length == 0 ? null : main.Namespace });
        }

        if (Last(transcript, "propose_change") is not null)
        {
            return new Step(say.End(say["Proposed"]));
        }

        var text = Answers.Explain(say, main, [.. findings.Findings.Where(f => f != main)], described?.Error is null ? described?.Result : null);
        return main.SuggestedFix is { } fix
            ? Changes.Propose(transcript, text + say.Offer(fix), fix)
            : new Step(say.End(text));
    }

    /// <summary>The cause of what was asked about: of the findings, which come causes first, the first that is on that very object or explains one that is.</summary>
    private static DiagnosedFinding Main(IReadOnlyList<DiagnosedFinding> findings, string? name)
    {
        var about = findings.Where(f => f.Name == name).ToList();
        var causes = about.SelectMany(f => f.CausedBy).ToHashSet(StringComparer.Ordinal);
        return findings.FirstOrDefault(f => !f.Symptom && (f.Name == name || causes.Contains(f.Namespace.Length == 0 ? $"{f.Kind} {f.Name}" : $"{f.Kind} {f.Namespace}/{f.Name}")))
            ?? about.FirstOrDefault()
            ?? findings[0];
    }

    private static Step Overview(Transcript transcript, Naming naming, Wording say)
    {
        var question = naming.Question;
        return Last(transcript, "diagnose") is { } diagnosed
            ? new Step(say.End(Answers.Overview(say, Findings(diagnosed), question)))
            : Call(transcript, Join(naming.Remark, say.LookAt(null, question.Namespace)), "diagnose", new() { ["namespace"] = question.Namespace, ["kind"] = question.Kind is "Event" or "Namespace" ? null : question.Kind });
    }

    private static Step List(Transcript transcript, Naming naming, Wording say)
    {
        var question = naming.Question;
        if (Last(transcript, "list_resources") is { } listed)
        {
            return new Step(say.End(Answers.List(say, listed.Result, question)));
        }

        var status = Listing.StatusOf(question);
        return Call(transcript, naming.Remark, "list_resources", new()
        {
            ["kind"] = question.Kind,
            ["namespace"] = question.Kind is "Namespace" or "Node" ? null : question.Namespace,
            ["search"] = question.Name,
            ["status"] = status,
            ["unhealthy_only"] = Listing.OnlyUnhealthy(question) ? true : null,
            ["limit"] = Listing.OnlyUnhealthy(question) ? MostListed : 50,
        });
    }

    /// <summary>The name may be a part of one: it is looked up first.</summary>
    private static Step Describe(Transcript transcript, Question question, Wording say)
    {
        if (Last(transcript, "describe_with_events") is { } described)
        {
            return new Step(say.End(described.Error is { } error ? say.ToolFailed(described.Name, error) : Answers.Describe(say, described.Result)));
        }

        if (Last(transcript, "list_resources") is not { } listed)
        {
            return Call(transcript, "", "list_resources", new() { ["kind"] = question.Kind, ["search"] = question.Name, ["namespace"] = question.Namespace, ["limit"] = 20 });
        }

        var items = listed.Result.TryGetProperty("items", out var list) ? list.EnumerateArray().ToList() : [];
        var match = items.FirstOrDefault(i => Text(i, "name") == question.Name);
        match = match.ValueKind == JsonValueKind.Undefined && items.Count == 1 ? items[0] : match;
        return match.ValueKind == JsonValueKind.Undefined
            ? new Step(say.End(items.Count == 0 ? say.NotThere(question.Kind!, question.Name!) : say["Several"] + "\n\n" + Answers.List(say, listed.Result, question)))
            : Call(transcript, "", "describe_with_events", new() { ["kind"] = question.Kind, ["name"] = Text(match, "name"), ["namespace"] = Text(match, "namespace") });
    }

    internal static Step Call(Transcript transcript, string text, string tool, Dictionary<string, object?> arguments)
    {
        foreach (var empty in arguments.Where(a => a.Value is null).Select(a => a.Key).ToList())
        {
            arguments.Remove(empty);
        }

        // What goes over the path is JSON, as from every model.
        var json = arguments.ToDictionary(a => a.Key, a => (object?)JsonSerializer.SerializeToElement(a.Value, ToolJson.Options));
        var number = transcript.Before.Count + transcript.Since.Count + 1;
        return new Step(text, new FunctionCallContent($"builtin-{number.ToString(CultureInfo.InvariantCulture)}", tool, json));
    }

    internal static Asked? Last(Transcript transcript, string tool) => transcript.Since.LastOrDefault(a => a.Name == tool);

    internal static DiagnoseOutput Findings(Asked diagnosed)
    {
        try
        {
            return diagnosed.Result.Deserialize<DiagnoseOutput>(ToolJson.Options) is { Findings: not null } output ? output : new DiagnoseOutput([], 0, null);
        }
        catch (JsonException)
        {
            return new DiagnoseOutput([], 0, null);
        }
    }

    internal static string? Argument(Asked? asked, string name) =>
        asked?.Arguments.GetValueOrDefault(name) is { } value ? value is JsonElement { ValueKind: JsonValueKind.String } e ? e.GetString() : value as string : null;

    internal static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;

    internal static string Join(string first, string second) => first.Length == 0 ? second : second.Length == 0 ? first : $"{first} {second}";
}
