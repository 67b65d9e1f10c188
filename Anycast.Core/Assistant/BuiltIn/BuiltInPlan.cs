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
    public static Step Next(Transcript transcript)
    {
        var question = Question.Parse(transcript.Question);
        var say = new Wording(question.Culture);
        if (transcript.Since is [.., { Error: { } error }] && !(transcript.Since is [.., { Name: "describe_with_events" }]))
        {
            return new Step(say.End(say.ToolFailed(transcript.Since[^1].Name, error)));
        }

        return question.Intent switch
        {
            Intent.Diagnose => Diagnose(transcript, question, say),
            Intent.Fix => Fix(transcript, question, say),
            Intent.Overview => Overview(transcript, question, say),
            Intent.List => List(transcript, question, say),
            Intent.Describe => Describe(transcript, question, say),
            Intent.Help => new Step(say["Help"]),
            Intent.Unknown => new Step(say["Unknown"]),
            _ => throw new InvalidOperationException("Not an intent."),
        };
    }

    /// <summary>Diagnose, describe what it found, explain, propose the fix, close.</summary>
    private static Step Diagnose(Transcript transcript, Question question, Wording say)
    {
        if (Last(transcript, "diagnose") is not { } diagnosed)
        {
            return Call(transcript, say.LookAt(question.Name, question.Namespace), "diagnose", new() { ["name"] = question.Name, ["namespace"] = question.Namespace });
        }

        var findings = Findings(diagnosed);
        if (findings.Findings.Count == 0)
        {
            return Last(transcript, "list_resources") is { } listed
                ? new Step(say.End(Answers.NothingFound(say, question, listed.Result)))
                : Call(transcript, "", "list_resources", new() { ["kind"] = "Pod", ["search"] = question.Name, ["namespace"] = question.Namespace, ["limit"] = 10 });
        }

        var main = findings.Findings[0];
        var described = Last(transcript, "describe_with_events");
        if (described is null && ClusterKinds.Find(main.Kind) is not null)
        {
            return Call(transcript, "", "describe_with_events", new() { ["kind"] = main.Kind, ["name"] = main.Name, ["namespace"] = main.Namespace.Length == 0 ? null : main.Namespace });
        }

        if (Last(transcript, "propose_change") is { } proposed)
        {
            return new Step(say.End(say["Proposed"]));
        }

        var text = Answers.Explain(say, findings, described?.Error is null ? described?.Result : null);
        return main.SuggestedFix is { } fix
            ? Propose(transcript, text + say.Offer(fix), fix)
            : new Step(say.End(text));
    }

    private static Step Fix(Transcript transcript, Question question, Wording say)
    {
        if (Last(transcript, "propose_change") is not null)
        {
            return new Step(say.End(say["Proposed"]));
        }

        if (Last(transcript, "diagnose") is not { } diagnosed)
        {
            // "Fix it": it is what was looked at last.
            var earlier = transcript.Before.LastOrDefault(a => a.Name == "diagnose" && a.Error is null);
            var name = question.Name ?? Argument(earlier, "name");
            var ns = question.Namespace ?? Argument(earlier, "namespace");
            return Call(transcript, say.LookAt(name, ns), "diagnose", new() { ["name"] = name, ["namespace"] = ns });
        }

        var findings = Findings(diagnosed).Findings;
        var fixable = findings.FirstOrDefault(f => f.SuggestedFix is not null && !f.Symptom) ?? findings.FirstOrDefault(f => f.SuggestedFix is not null);
        if (fixable is null)
        {
            return new Step(say.End(findings.Count == 0 ? say["NothingToFix"] : Answers.NoFix(say, findings)));
        }

        return Propose(transcript, say.Title(fixable) + "\n\n" + say.Offer(fixable.SuggestedFix!), fixable.SuggestedFix!);
    }

    private static Step Overview(Transcript transcript, Question question, Wording say) =>
        Last(transcript, "diagnose") is { } diagnosed
            ? new Step(say.End(Answers.Overview(say, Findings(diagnosed))))
            : Call(transcript, say.LookAt(null, question.Namespace), "diagnose", new() { ["namespace"] = question.Namespace });

    private static Step List(Transcript transcript, Question question, Wording say) =>
        Last(transcript, "list_resources") is { } listed
            ? new Step(say.End(Answers.List(say, listed.Result)))
            : Call(transcript, "", "list_resources", new() { ["kind"] = question.Kind, ["namespace"] = question.Kind == "Namespace" ? null : question.Namespace, ["search"] = question.Name, ["limit"] = 50 });

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
            ? new Step(say.End(items.Count == 0 ? say.NotThere(question.Kind!, question.Name!) : say["Several"] + "\n\n" + Answers.List(say, listed.Result)))
            : Call(transcript, "", "describe_with_events", new() { ["kind"] = question.Kind, ["name"] = Text(match, "name"), ["namespace"] = Text(match, "namespace") });
    }

    private static Step Propose(Transcript transcript, string text, DiagnosedFix fix) => Call(transcript, text, "propose_change", new()
    {
        ["operation"] = fix.Operation,
        ["kind"] = fix.Kind,
        ["name"] = fix.Name,
        ["namespace"] = fix.Namespace.Length == 0 ? null : fix.Namespace,
        ["changes"] = fix.Changes,
    });

    private static Step Call(Transcript transcript, string text, string tool, Dictionary<string, object?> arguments)
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

    private static Asked? Last(Transcript transcript, string tool) => transcript.Since.LastOrDefault(a => a.Name == tool);

    private static DiagnoseOutput Findings(Asked diagnosed)
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

    private static string? Argument(Asked? asked, string name) =>
        asked?.Arguments.GetValueOrDefault(name) is { } value ? value is JsonElement { ValueKind: JsonValueKind.String } e ? e.GetString() : value as string : null;

    internal static string? Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;
}
