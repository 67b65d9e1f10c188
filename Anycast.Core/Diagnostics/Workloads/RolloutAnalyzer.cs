using k8s;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Workloads;

/// <summary>
/// Workloads that do not get as many ready pods as they want. Mostly a symptom: <see cref="Diagnosis"/> drops it when a fault of the
/// pods was found on the same workload.
/// </summary>
public sealed class RolloutAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var d in snapshot.Deployments.Where(d => d.Metadata.DeletionTimestamp is null))
        {
            if (OfDeployment(snapshot, d) is { } finding)
            {
                yield return finding;
            }
        }

        foreach (var s in snapshot.StatefulSets.Where(s => s.Metadata.DeletionTimestamp is null))
        {
            var self = Kinds.Ref("StatefulSet", s);
            var wanted = s.Spec?.Replicas ?? 1;
            var ready = s.Status?.ReadyReplicas ?? 0;
            if (s.Spec?.ServiceName is { Length: > 0 } name
                && snapshot.IsComplete("Service")
                && !snapshot.Services.Any(v => v.Metadata.NamespaceProperty == self.Namespace && v.Metadata.Name == name))
            {
                yield return new Report(snapshot, "StatefulServiceMissing", FindingSeverity.Warning, self)
                    .With("service", name)
                    .Saw(self, "spec.serviceName", name)
                    .Done();
            }

            if (ready < wanted && Old(snapshot, s))
            {
                yield return Short(snapshot, "StatefulSet", s, wanted, ready);
            }
        }

        foreach (var d in snapshot.DaemonSets.Where(d => d.Metadata.DeletionTimestamp is null))
        {
            if (d.Status is { } status && status.NumberReady < status.DesiredNumberScheduled && Old(snapshot, d))
            {
                yield return Short(snapshot, "DaemonSet", d, status.DesiredNumberScheduled, status.NumberReady);
            }
        }
    }

    private static Finding? OfDeployment(ClusterSnapshot snapshot, V1Deployment d)
    {
        var self = Kinds.Ref("Deployment", d);
        var wanted = d.Spec?.Replicas ?? 1;
        var ready = d.Status?.ReadyReplicas ?? 0;
        if (d.Spec?.Paused == true)
        {
            return new Report(snapshot, "RolloutPaused", FindingSeverity.Info, self).Saw(self, "spec.paused", "true").Done();
        }

        if (d.Status?.Conditions?.FirstOrDefault(c => c.Type == "Progressing" && c.Status == "False") is { } stuck)
        {
            return new Report(snapshot, "RolloutStuck", ready == 0 ? FindingSeverity.Error : FindingSeverity.Warning, self)
                .With("wanted", wanted.Text())
                .With("ready", ready.Text())
                .With("updated", (d.Status.UpdatedReplicas ?? 0).Text())
                .Saw(self, "status.conditions[Progressing].reason", stuck.Reason)
                .Saw(self, "status.readyReplicas", ready.Text())
                .Saw(self, "spec.replicas", wanted.Text())
                .Between(SnapshotExtensions.Instant(stuck.LastTransitionTime), snapshot.TakenAt)
                .FollowsFrom([self])
                .Done();
        }

        var available = d.Status?.Conditions?.FirstOrDefault(c => c.Type == "Available");
        return ready < wanted && available?.Status == "False" && Old(snapshot, d) ? Short(snapshot, "Deployment", d, wanted, ready) : null;
    }

    private static Finding Short(ClusterSnapshot snapshot, string kind, IMetadata<V1ObjectMeta> item, int wanted, int ready)
    {
        var self = Kinds.Ref(kind, item);
        return new Report(snapshot, "WorkloadUnavailable", ready == 0 ? FindingSeverity.Error : FindingSeverity.Warning, self)
            .With("wanted", wanted.Text())
            .With("ready", ready.Text())
            .Saw(self, "status.readyReplicas", ready.Text())
            .Saw(self, "spec.replicas", wanted.Text())
            .FollowsFrom([self])
            .Done();
    }

    /// <summary>Something that was made a moment ago is starting, not broken.</summary>
    private static bool Old(ClusterSnapshot snapshot, IMetadata<V1ObjectMeta> item) =>
        SnapshotExtensions.Instant(item.Metadata.CreationTimestamp) is not { } made || snapshot.TakenAt - made > TimeSpan.FromMinutes(2);
}
