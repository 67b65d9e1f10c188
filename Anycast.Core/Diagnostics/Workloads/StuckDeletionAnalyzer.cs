using System.Globalization;
using k8s;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Workloads;

/// <summary>Objects that should be gone: their deletion began long ago and something holds them.</summary>
public sealed class StuckDeletionAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        var all = Items("Pod", snapshot.Pods)
            .Concat(Items("Deployment", snapshot.Deployments))
            .Concat(Items("StatefulSet", snapshot.StatefulSets))
            .Concat(Items("Service", snapshot.Services))
            .Concat(Items("Ingress", snapshot.Ingresses))
            .Concat(Items("Job", snapshot.Jobs))
            .Concat(Items("PersistentVolumeClaim", snapshot.Claims))
            .Concat(Items("PersistentVolume", snapshot.Volumes))
            .Concat(Items("Namespace", snapshot.Namespaces))
            .Concat(Items("Node", snapshot.Nodes));
        foreach (var (kind, item) in all)
        {
            if (SnapshotExtensions.Instant(item.Metadata.DeletionTimestamp) is not { } deletion)
            {
                continue;
            }

            // deletionTimestamp already lies in the future by the grace period (metav1.ObjectMeta).
            var overdue = snapshot.TakenAt - deletion;
            if (overdue > DiagnosticsLimits.DeletionGrace)
            {
                yield return Describe(snapshot, kind, item, deletion, overdue);
            }
        }
    }

    private static IEnumerable<(string Kind, IMetadata<V1ObjectMeta> Item)> Items<T>(string kind, IReadOnlyList<T> items)
        where T : IMetadata<V1ObjectMeta> =>
        items.Where(i => i.Metadata?.DeletionTimestamp is not null).Select(i => (kind, (IMetadata<V1ObjectMeta>)i));

    private static Finding Describe(ClusterSnapshot snapshot, string kind, IMetadata<V1ObjectMeta> item, DateTimeOffset deletion, TimeSpan overdue)
    {
        var self = Kinds.Ref(kind, item);
        var finalizers = string.Join(", ", (item.Metadata.Finalizers ?? []).Take(5));
        var node = item is V1Pod pod ? pod.Spec?.NodeName ?? "" : "";
        var rule = finalizers.Length > 0 ? "DeletionFinalizers" : kind == "Pod" ? "DeletionPod" : "DeletionStuck";
        return new Report(snapshot, rule, FindingSeverity.Warning, self)
            .With("finalizers", finalizers)
            .With("node", node)
            .With("minutes", ((int)overdue.TotalMinutes).ToString(CultureInfo.InvariantCulture))
            .Saw(self, "metadata.deletionTimestamp", $"{deletion:u}")
            .Saw(self, "metadata.finalizers", finalizers)
            .Saw(self, "spec.nodeName", node)
            .Between(deletion, snapshot.TakenAt)
            .Done();
    }
}
