namespace Anycast.Core.Diagnostics;

/// <summary>What a run of all analyzers gave.</summary>
/// <param name="Findings">Merged and ranked: causes before symptoms, worst first.</param>
/// <param name="Omitted">Findings left out beyond <see cref="DiagnosticsLimits.FindingsPerRun"/>.</param>
/// <param name="BrokenAnalyzers">Analyzers that failed on this snapshot; their faults may be missing, and the answer must say so.</param>
public sealed record DiagnosisResult(IReadOnlyList<Finding> Findings, int Omitted, IReadOnlyList<string> BrokenAnalyzers);

/// <summary>Runs the analyzers over a snapshot, merges what belongs together and ranks it.</summary>
public sealed class Diagnosis(IEnumerable<IAnalyzer> analyzers)
{
    private readonly IAnalyzer[] _analyzers = [.. analyzers];

    /// <summary>All analyzers over one snapshot.</summary>
    public DiagnosisResult Run(ClusterSnapshot snapshot, CancellationToken ct = default)
    {
        var merged = new Dictionary<string, Finding>(StringComparer.Ordinal);
        var broken = new List<string>();
        foreach (var analyzer in _analyzers)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                foreach (var finding in analyzer.Analyze(snapshot))
                {
                    merged[finding.Fingerprint] = merged.TryGetValue(finding.Fingerprint, out var known) ? Merge(known, finding) : finding;
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Objects come from a cluster we do not control. One that breaks an analyzer must not blind all the others.
                broken.Add(analyzer.GetType().Name);
            }
        }

        var ranked = Rank(merged.Values);
        var kept = ranked.Take(DiagnosticsLimits.FindingsPerRun).ToList();
        return new DiagnosisResult(kept, ranked.Count - kept.Count, broken);
    }

    private static Finding Merge(Finding a, Finding b) => a with
    {
        Severity = a.Severity >= b.Severity ? a.Severity : b.Severity,
        Count = a.Count + b.Count,
        Affected = [.. a.Affected.Concat(b.Affected).Distinct().Take(DiagnosticsLimits.AffectedPerFinding)],
        Evidence = [.. a.Evidence.Concat(b.Evidence).Distinct().Take(DiagnosticsLimits.EvidencePerFinding)],
        CausedBy = [.. a.CausedBy.Concat(b.CausedBy).Distinct().Take(DiagnosticsLimits.AffectedPerFinding)],
        FirstSeen = Report.Earlier(a.FirstSeen, b.FirstSeen),
        LastSeen = Report.Later(a.LastSeen, b.LastSeen),
        Fix = a.Fix ?? b.Fix,
    };

    /// <summary>
    /// A symptom steps behind its cause. One of its own object (a rollout is stuck because of its pods) disappears when anything else was
    /// found on that object, be it the cause or itself the symptom of one further off: its pods wait for a volume, the volume for a class.
    /// A symptom whose cause was not found stands for itself.
    /// </summary>
    private static List<Finding> Rank(ICollection<Finding> findings)
    {
        var causes = findings.Where(f => !f.Symptom).Select(f => f.Subject).ToHashSet();
        var explained = findings.Where(f => !OfItself(f)).Select(f => f.Subject).ToHashSet();
        return [.. findings
            .Where(f => !(OfItself(f) && explained.Contains(f.Subject)))
            .Select(f => f.Symptom && !f.CausedBy.Any(causes.Contains) ? f with { Symptom = false } : f)
            .OrderBy(f => f.Symptom)
            .ThenByDescending(f => f.Severity)
            .ThenBy(f => f.Subject.Namespace, StringComparer.Ordinal)
            .ThenBy(f => f.Subject.Name, StringComparer.Ordinal)
            .ThenBy(f => f.Rule, StringComparer.Ordinal)];
    }

    private static bool OfItself(Finding f) => f.Symptom && f.CausedBy.Contains(f.Subject);
}
