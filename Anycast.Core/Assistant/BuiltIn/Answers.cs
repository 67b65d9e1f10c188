using System.Globalization;
using System.Text;
using System.Text.Json;
using Anycast.Core.Diagnostics;
using static Anycast.Core.Assistant.BuiltIn.BuiltInPlan;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>Puts together what the built-in assistant says, from what tools read.</summary>
internal static class Answers
{
    private const int ItemsShown = 20;

    /// <summary>What is wrong, where it is seen, why, and what to do.</summary>
    public static string Explain(Wording say, DiagnosedFinding main, IReadOnlyList<DiagnosedFinding> others, JsonElement? described)
    {
        var text = new StringBuilder();
        text.Append(say.Title(main)).Append("\n\n").Append(say.Cause(main)).Append("\n\n");
        text.Append("**").Append(say["Saw"]).Append("**\n\n");
        if (main.Affected.Count > 0)
        {
            text.Append("- ").Append(say.Format(main.Count == 1 ? "AffectedOne" : "AffectedMany", main.Count, string.Join(", ", main.Affected.Take(4).Select(Wording.Code)))).Append(main.Count > 4 ? " …\n" : "\n");
        }

        foreach (var evidence in main.Evidence)
        {
            text.Append("- ").Append(Evidence(say, evidence)).Append('\n');
        }

        foreach (var e in Events(described, main).Take(3))
        {
            text.Append("- ").Append(Event(say, e)).Append('\n');
        }

        text.Append("\n**").Append(say["ToDo"]).Append("**\n\n").Append(say.Remedy(main)).Append("\n\n");
        if (others.Count > 0)
        {
            text.Append("**").Append(say["Also"]).Append("**\n\n");
            foreach (var other in others.Take(4))
            {
                text.Append("- ").Append(say.TitlePlain(other)).Append(other.Symptom ? $" ({say["Symptom"]})" : "").Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>All findings in short, worst first.</summary>
    public static string Overview(Wording say, DiagnoseOutput output, Question question)
    {
        if (output.Findings.Count == 0)
        {
            return question is { Kind: { } both, Namespace: { } where } ? say.Format("NothingBrokenAtIn", both, Wording.Code(where))
                : question.Kind is { } kind ? say.Format("NothingBrokenAt", kind)
                : question.Namespace is { } ns ? say.Format("NothingBrokenIn", Wording.Code(ns))
                : say["NothingBroken"];
        }

        var text = new StringBuilder();
        text.Append(output.Total == 1 ? say["OverviewOne"] : say.Format("OverviewMany", output.Total)).Append("\n\n");
        foreach (var f in output.Findings)
        {
            text.Append("- **").Append(say.Severity(f.Severity)).Append("** · ").Append(f.Namespace.Length > 0 ? Wording.Code(f.Namespace) + " · " : "").Append(say.TitlePlain(f));
            if (f.Symptom)
            {
                text.Append(" (").Append(say["Symptom"]).Append(')');
            }
            else if (f.SuggestedFix is not null)
            {
                text.Append(" – ").Append(say["Fixable"]);
            }

            text.Append('\n');
        }

        var first = output.Findings[0];
        var more = output.Total - output.Findings.Count;
        text.Append('\n').Append(more switch
        {
            <= 0 => "",
            _ when output.Findings.FirstOrDefault(f => f.Namespace.Length > 0)?.Namespace is { } ns && question.Namespace is null => say.Format(more == 1 ? "OneMore" : "More", more, ns) + " ",
            _ => say.Format(more == 1 ? "OneMoreOnPage" : "MoreOnPage", more) + " ",
        });
        return text.Append(say.Format("AskMore", first.Name)).ToString();
    }

    public static string NoFix(Wording say, IReadOnlyList<DiagnosedFinding> findings)
    {
        var text = new StringBuilder(say["NoFix"]).Append("\n\n");
        foreach (var f in findings.Take(4))
        {
            text.Append("- ").Append(say.TitlePlain(f)).Append(": ").Append(say.Remedy(f)).Append('\n');
        }

        return text.ToString();
    }

    public static string NothingFound(Wording say, Question question, JsonElement listed)
    {
        var items = Items(listed);
        return items.Count == 0
            ? say.Format("NoSuchName", Wording.Code(question.Name))
            : say.Format("Healthy", Wording.Code(question.Name)) + "\n\n" + Lines(say, listed, items);
    }

    /// <summary>How many fit of how many there are, and one line per item. A filtered list is never passed off as all there is.</summary>
    public static string List(Wording say, JsonElement listed, Question question)
    {
        var kind = Text(listed, "kind") ?? "";
        var items = Listing.Fitting(question, Items(listed));
        var total = Listing.Narrows(question) ? items.Count : Number(listed, "total") ?? items.Count;
        var of = Number(listed, "of") ?? total;
        var words = Listing.Words(question, say);
        var head = words.Length == 0 ? say.Format("ListHead", kind, total)
            : total == 0 ? say.Format("NoneFits", kind, of, words)
            : say.Format(total == 1 ? "OneFits" : "SomeFit", kind, total, of, words);
        if (question.Counts)
        {
            return words.Length == 0 || total == 0 ? head : say.Format("OneFits", kind, total, of, words);
        }

        var text = head + "\n\n" + Lines(say, listed, items, total);
        return total > 0 && Listing.OnlyUnhealthy(question) && Text(items[0], "name") is { } first ? text + "\n" + say.Format("AskMore", first) : text;
    }

    private static string Lines(Wording say, JsonElement listed, List<JsonElement> items, int total = 0)
    {
        var text = new StringBuilder();
        var kind = Text(listed, "kind") ?? "";
        foreach (var item in items.Take(ItemsShown))
        {
            text.Append("- ").Append(kind == "Event" ? Event(say, item) : Item(say, item)).Append('\n');
        }

        if (total - Math.Min(items.Count, ItemsShown) is > 0 and var more)
        {
            text.Append('\n').Append(say.Format("MoreListed", more)).Append('\n');
        }

        if (Text(listed, "note") is { Length: > 0 } && listed.TryGetProperty("note", out var note) && note.ValueKind == JsonValueKind.String)
        {
            text.Append('\n').Append(say["Stale"]).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Conditions, pods and events of one object.</summary>
    public static string Describe(Wording say, JsonElement described)
    {
        if (!described.TryGetProperty("object", out var o))
        {
            return say["Failed.notFound"];
        }

        var text = new StringBuilder();
        var meta = o.TryGetProperty("metadata", out var m) ? m : default;
        var ns = Text(meta, "namespace");
        text.Append("**").Append(Text(o, "kind")).Append("** ").Append(Wording.Code(ns is null ? Text(meta, "name") : $"{ns}/{Text(meta, "name")}")).Append("\n\n");
        if (o.TryGetProperty("status", out var status))
        {
            foreach (var condition in Array(status, "conditions").Take(8))
            {
                text.Append("- ").Append(Wording.Code(Text(condition, "type"))).Append(": ").Append(Wording.Code(Text(condition, "status")));
                text.Append(Text(condition, "reason") is { Length: > 0 } reason ? $" ({Wording.Code(reason)})\n" : "\n");
            }
        }

        Section(text, say["Pods"], Array(described, "pods").Take(8).Select(p => Item(say, p)));
        Section(text, say["Events"], Array(described, "events").Take(8).Select(e => Event(say, e)));
        return text.ToString();
    }

    private static void Section(StringBuilder text, string head, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            text.Append("\n**").Append(head).Append("**\n\n").AppendJoin('\n', all.Select(l => "- " + l)).Append('\n');
        }
    }

    private static string Evidence(Wording say, DiagnosedEvidence evidence) =>
        evidence.Object.StartsWith("Event ", StringComparison.Ordinal)
            ? say.Format("EventLine", Wording.Code(evidence.Path), Message(say, evidence.Value))
            : $"{Wording.Code(evidence.Object)} {Wording.Code(evidence.Path)} = {Wording.Code(evidence.Value)}";

    private static string Event(Wording say, JsonElement e)
    {
        var count = e.TryGetProperty("count", out var c) && c.TryGetInt32(out var n) && n > 1 ? $" (×{n.ToString(CultureInfo.InvariantCulture)})" : "";
        return say.Format("EventLine", Wording.Code($"{Text(e, "about")}: {Text(e, "reason")}"), Message(say, Text(e, "message") ?? "") + count);
    }

    private static string Message(Wording say, string message) => Withheld.Is(message) ? say["Withheld"] : Wording.Code(message);

    /// <summary>Warnings of the description that the finding does not already name.</summary>
    private static IEnumerable<JsonElement> Events(JsonElement? described, DiagnosedFinding finding) =>
        described is not { } d ? [] : Array(d, "events")
            .Where(e => Text(e, "type") == "Warning" && !finding.Evidence.Any(x => x.Path.EndsWith($": {Text(e, "reason")}", StringComparison.Ordinal)))
            .DistinctBy(e => Text(e, "reason"));

    private static string Item(Wording say, JsonElement item)
    {
        var ns = Text(item, "namespace");
        var parts = new List<string> { Wording.Code(ns is { Length: > 0 } ? $"{ns}/{Text(item, "name")}" : Text(item, "name")) };
        foreach (var (field, label) in new[] { ("status", ""), ("ready", "Ready"), ("restarts", "Restarts"), ("type", ""), ("ports", ""), ("hosts", ""), ("backends", "→"), ("storage_class", ""), ("schedule", ""), ("version", ""), ("pressures", ""), ("node", "on") })
        {
            if (Text(item, field) is { Length: > 0 } value && value != "0" && value != "false")
            {
                parts.Add((label.Length == 0 || label == "→" ? label : say[label]) is { Length: > 0 } l ? $"{l} {Plain(value)}" : Plain(value));
            }
        }

        return string.Join(" · ", parts);
    }

    private static string Plain(string value) => Wording.Code(value);

    private static int? Number(JsonElement from, string name) => from.TryGetProperty(name, out var value) && value.TryGetInt32(out var n) ? n : null;

    private static List<JsonElement> Items(JsonElement listed) => Array(listed, "items");

    private static List<JsonElement> Array(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];
}
