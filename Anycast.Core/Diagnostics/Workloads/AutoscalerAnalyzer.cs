using k8s.Models;

namespace Anycast.Core.Diagnostics.Workloads;

/// <summary>Autoscalers that can't scale: no target, no metrics, no requests to measure against, or at their maximum.</summary>
public sealed class AutoscalerAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var hpa in snapshot.Autoscalers.Where(h => h.Metadata.DeletionTimestamp is null))
        {
            if (Describe(snapshot, hpa) is { } finding)
            {
                yield return finding;
            }
        }
    }

    private static Finding? Describe(ClusterSnapshot snapshot, V2HorizontalPodAutoscaler hpa)
    {
        var self = Kinds.Ref("HorizontalPodAutoscaler", hpa);
        var target = hpa.Spec?.ScaleTargetRef;
        var workload = snapshot.Index.Workloads.FirstOrDefault(w => w.Ref.Namespace == self.Namespace && w.Ref.Kind == target?.Kind && w.Ref.Name == target?.Name);
        Report Start(string rule, FindingSeverity severity) => new Report(snapshot, rule, severity, self)
            .With("target", $"{target?.Kind} {target?.Name}")
            .With("max", (hpa.Spec?.MaxReplicas ?? 0).Text())
            .With("current", (hpa.Status?.CurrentReplicas ?? 0).Text())
            .Saw(self, "spec.scaleTargetRef", $"{target?.Kind} {target?.Name}");

        if (workload is null && target?.Kind is "Deployment" or "StatefulSet" && snapshot.IsComplete(target.Kind))
        {
            return Start("AutoscalerTargetMissing", FindingSeverity.Error).Done();
        }

        if (hpa.Status?.Conditions?.FirstOrDefault(c => c.Type == "ScalingActive" && c.Status == "False") is { } inactive && inactive.Reason != "ScalingDisabled")
        {
            var resources = (hpa.Spec?.Metrics ?? []).Where(m => m.Type == "Resource").Select(m => m.Resource?.Name).OfType<string>().ToList();
            var without = (workload?.Containers ?? [])
                .Where(c => resources.Any(r => Quantities.Of(c.Resources?.Requests, r) is null))
                .Select(c => c.Name)
                .ToList();
            var report = without.Count > 0
                ? Start("AutoscalerNoRequests", FindingSeverity.Error).With("containers", string.Join(", ", without)).Saw(workload!.Ref, "spec.template.spec.containers[].resources.requests", $"– ({string.Join(", ", without)})")
                : Start("AutoscalerNoMetrics", FindingSeverity.Error);
            return report
                .With("metrics", string.Join(", ", resources))
                .With("reason", inactive.Reason)
                .Saw(self, "status.conditions[ScalingActive].reason", inactive.Reason)
                .Between(SnapshotExtensions.Instant(inactive.LastTransitionTime), snapshot.TakenAt)
                .Done();
        }

        // At the maximum only counts when the autoscaler wanted more.
        return hpa.Status?.Conditions?.FirstOrDefault(c => c.Type == "ScalingLimited" && c.Status == "True" && c.Reason == "TooManyReplicas") is { } limited
            ? Start("AutoscalerAtMax", FindingSeverity.Warning)
                .Saw(self, "status.conditions[ScalingLimited].reason", limited.Reason)
                .Between(SnapshotExtensions.Instant(limited.LastTransitionTime), snapshot.TakenAt)
                .Done()
            : null;
    }
}
