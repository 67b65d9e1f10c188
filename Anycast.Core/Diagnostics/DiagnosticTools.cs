using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Anycast.Core.Common.Tools;

namespace Anycast.Core.Diagnostics;

/// <summary>Arguments of <see cref="DiagnoseTool"/>.</summary>
[Description("What to look at.")]
public sealed record DiagnoseArguments(
    [property: Description("Part of the name of an object (a workload, a pod, a service …); leave out for everything.")] string? Name = null,
    [property: Description("Only this namespace; leave out for the whole cluster.")] string? Namespace = null,
    [property: Description("Only what is wrong with objects of this kind (Pod, Deployment, Ingress, PersistentVolumeClaim, Node …) or shows at them; leave out for all.")] string? Kind = null);

/// <summary>One finding as a model reads it. Rule and arguments let the service itself say it in another language.</summary>
public sealed record DiagnosedFinding(
    string Id,
    string Rule,
    string Severity,
    string Kind,
    string Namespace,
    string Name,
    string Title,
    string Cause,
    string Remedy,
    bool Symptom,
    int Count,
    IReadOnlyList<string> Affected,
    IReadOnlyList<string> CausedBy,
    IReadOnlyList<DiagnosedEvidence> Evidence,
    IReadOnlyDictionary<string, string> Args,
    DiagnosedFix? SuggestedFix);

/// <summary>What was read.</summary>
public sealed record DiagnosedEvidence(string Object, string Path, string Value);

/// <summary>A change that would mend it, in the arguments of <c>propose_change</c>.</summary>
public sealed record DiagnosedFix(
    string Text,
    string Origin,
    IReadOnlyDictionary<string, string> Args,
    string Operation,
    string Kind,
    string Namespace,
    string Name,
    IReadOnlyList<DiagnosedChange> Changes);

/// <summary>One leaf of a change.</summary>
public sealed record DiagnosedChange(string Path, string? Value);

/// <summary>Output of <see cref="DiagnoseTool"/>.</summary>
public sealed record DiagnoseOutput(IReadOnlyList<DiagnosedFinding> Findings, int Total, string? Note);

/// <summary>Runs all analyzers: the first thing to ask when something is wrong.</summary>
public sealed class DiagnoseTool(DiagnosisService diagnosis) : Tool<DiagnoseArguments>
{
    private const int MaxFindings = 12;
    private const int MaxEvidence = 6;

    public override string Name => "diagnose";

    public override string Description =>
        "Finds what is broken, by rules over the cluster's objects and events: images, crashes, memory, scheduling, probes, missing references, services, ingresses, volumes, jobs, nodes, rollouts, quotas, autoscalers, stuck deletions. Each finding has cause, evidence and, where the cluster knows the right value, a suggested fix for propose_change.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    protected override async Task<ToolResult> InvokeAsync(ToolContext context, DiagnoseArguments arguments, CancellationToken ct)
    {
        if (context.ClusterId is not { } clusterId)
        {
            return ToolResult.Fail("cluster.none_chosen", "No cluster is chosen in this conversation. Ask the person to choose one.");
        }

        if (arguments.Namespace is { } ns && !KubernetesNames.IsNamespace(ns) || arguments.Name?.Length > 253 || arguments.Kind is { } kind && !KubernetesNames.IsKind(kind))
        {
            return ToolResult.Fail("tool.arguments", "A namespace is a lower-case name, a kind a word like Deployment.");
        }

        var result = await diagnosis.RunAsync(context.Actor, context.TeamId, clusterId, arguments.Namespace, ct);
        if (!result.IsOk)
        {
            return ToolResult.Fail(result.Failure);
        }

        var wanted = Wanted(result.Value.Findings, arguments);
        var notes = new List<string>();
        if (wanted.Count > MaxFindings)
        {
            notes.Add($"Only the {MaxFindings} worst of {wanted.Count} are shown.");
        }

        if (result.Value.BrokenAnalyzers.Count > 0)
        {
            notes.Add($"These checks failed and may have missed something: {string.Join(", ", result.Value.BrokenAnalyzers)}.");
        }

        var output = new DiagnoseOutput([.. wanted.Take(MaxFindings).Select(Write)], wanted.Count, notes.Count == 0 ? null : string.Join(" ", notes));
        var read = $"{arguments.Name ?? arguments.Kind ?? "*"} · {arguments.Namespace ?? "*"} · {wanted.Count.ToString(CultureInfo.InvariantCulture)}";
        return new ToolResult(JsonSerializer.SerializeToElement(output, ToolJson.Options), Read: read);
    }

    /// <summary>What was asked for and, whatever they are called, the causes from which it follows; in the order of the ranking, causes first.</summary>
    private static List<Finding> Wanted(IReadOnlyList<Finding> findings, DiagnoseArguments arguments)
    {
        var asked = findings.Where(f => Concerns(f, arguments.Name) && IsOf(f, arguments.Kind)).ToHashSet();
        var causes = asked.SelectMany(f => f.CausedBy).ToHashSet();
        return [.. findings.Where(f => asked.Contains(f) || causes.Contains(f.Subject))];
    }

    /// <summary>About an object of that name, or explained by one.</summary>
    private static bool Concerns(Finding finding, string? name) =>
        string.IsNullOrWhiteSpace(name)
        || finding.Subject.Name.Contains(name, StringComparison.OrdinalIgnoreCase)
        || finding.Affected.Any(a => a.Name.Contains(name, StringComparison.OrdinalIgnoreCase))
        || finding.CausedBy.Any(a => a.Name.Contains(name, StringComparison.OrdinalIgnoreCase));

    private static bool IsOf(Finding finding, string? kind) =>
        kind is null || finding.Subject.Kind == kind || finding.Affected.Any(a => a.Kind == kind);

    private static DiagnosedFinding Write(Finding f)
    {
        var english = CultureInfo.InvariantCulture;
        return new DiagnosedFinding(
            f.Fingerprint,
            f.Rule,
            f.Severity.ToString(),
            f.Subject.Kind,
            f.Subject.Namespace,
            f.Subject.Name,
            FindingTexts.Title(f, english),
            FindingTexts.Cause(f, english),
            FindingTexts.Remedy(f, english),
            f.Symptom,
            f.Count,
            [.. f.Affected.Select(a => a.ToString())],
            [.. f.CausedBy.Select(a => a.ToString())],
            [.. f.Evidence.Take(MaxEvidence).Select(e => new DiagnosedEvidence(e.Object.ToString(), e.Path, e.Value))],
            f.Args,
            f.Fix is { } fix ? Write(fix, english) : null);
    }

    private static DiagnosedFix Write(SuggestedFix fix, CultureInfo culture) => new(
        FindingTexts.Fix(fix, culture),
        fix.Origin,
        fix.Args,
        fix.Operation,
        fix.Target.Kind,
        fix.Target.Namespace,
        fix.Target.Name,
        [.. fix.Leaves.Select(l => new DiagnosedChange(l.Path, l.Value))]);
}
