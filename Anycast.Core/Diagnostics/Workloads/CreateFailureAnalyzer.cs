using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Workloads;

/// <summary>Pods that are never made because the API server refuses them: quota, limits, service account, Pod Security, admission.</summary>
public sealed partial class CreateFailureAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var set in snapshot.ReplicaSets.Where(r => r.Metadata.DeletionTimestamp is null && (r.Spec?.Replicas ?? 0) > (r.Status?.Replicas ?? 0)))
        {
            var condition = set.Status?.Conditions?.FirstOrDefault(c => c.Type == "ReplicaFailure" && c.Status == "True");
            if (Describe(snapshot, "ReplicaSet", set, condition) is { } finding)
            {
                yield return finding;
            }
        }

        foreach (var set in snapshot.StatefulSets.Where(s => (s.Spec?.Replicas ?? 1) > (s.Status?.Replicas ?? 0)))
        {
            if (Describe(snapshot, "StatefulSet", set, null) is { } finding)
            {
                yield return finding;
            }
        }

        foreach (var set in snapshot.DaemonSets.Where(d => (d.Status?.DesiredNumberScheduled ?? 0) > (d.Status?.CurrentNumberScheduled ?? 0)))
        {
            if (Describe(snapshot, "DaemonSet", set, null) is { } finding)
            {
                yield return finding;
            }
        }

        foreach (var job in snapshot.Jobs.Where(j => j.Status?.Active is null or 0 && j.Status?.CompletionTime is null))
        {
            if (Describe(snapshot, "Job", job, null) is { } finding)
            {
                yield return finding;
            }
        }
    }

    private static Finding? Describe(ClusterSnapshot snapshot, string kind, IMetadata<V1ObjectMeta> item, V1ReplicaSetCondition? condition)
    {
        var e = snapshot.Index.EventsOf(kind, item).FirstOrDefault(x => x.Reason == "FailedCreate");
        if (e is null && condition is null)
        {
            return null;
        }

        var message = Withheld.Visible(e?.Message) is { Length: > 0 } text ? text : Withheld.Visible(condition?.Message);
        var report = new Report(snapshot, Classify(message), FindingSeverity.Error, snapshot.Index.OwnerOf(kind, item))
            .On(kind, item)
            .With("quota", Quota().Match(message).Groups["q"].Value)
            .With("requested", Amount().Match(message).Groups["requested"].Value)
            .With("used", Amount().Match(message).Groups["used"].Value)
            .With("limited", Amount().Match(message).Groups["limited"].Value)
            .With("account", Account().Match(message).Groups["a"].Value)
            .With("webhook", Webhook().Match(message).Groups["w"].Value)
            .Saw(Kinds.Ref(kind, item), "status.conditions[ReplicaFailure].reason", condition?.Reason)
            .Saw(e)
            .Between(SnapshotExtensions.Instant(condition?.LastTransitionTime), snapshot.TakenAt);
        if (e is null)
        {
            report.Saw(Kinds.Ref(kind, item), "status.conditions[ReplicaFailure].message", condition?.Message);
        }

        return report.Done();
    }

    internal static string Classify(string message)
    {
        bool Says(string word) => message.Contains(word, StringComparison.OrdinalIgnoreCase);
        return message switch
        {
            _ when Says("exceeded quota") => "CreateQuotaExceeded",
            _ when Says("failed quota") || Says("must specify") => "CreateLimitsRequired",
            _ when Says("serviceaccount") && Says("not found") => "CreateServiceAccountMissing",
            _ when Says("violates PodSecurity") => "CreatePodSecurity",
            _ when Says("admission webhook") || Says("denied the request") => "CreateAdmissionDenied",
            _ when Says("usage per") || Says("LimitRange") => "CreateLimitRange",
            _ => "CreateFailed",
        };
    }

    [GeneratedRegex(@"exceeded quota: (?<q>[a-z0-9.-]{1,253})", RegexOptions.None, 100)]
    private static partial Regex Quota();

    [GeneratedRegex(@"requested: (?<requested>[A-Za-z0-9./=,-]{1,120}?), used: (?<used>[A-Za-z0-9./=,-]{1,120}?), limited: (?<limited>[A-Za-z0-9./=,-]{1,120})", RegexOptions.None, 100)]
    private static partial Regex Amount();

    [GeneratedRegex("""serviceaccount "(?<a>[a-z0-9./-]{1,253})" not found""", RegexOptions.IgnoreCase, 100)]
    private static partial Regex Account();

    [GeneratedRegex("""admission webhook "(?<w>[a-z0-9.-]{1,253})" """, RegexOptions.None, 100)]
    private static partial Regex Webhook();
}
