using Anycast.Core.Clusters.Inventory;
using k8s.Models;

namespace Anycast.Core.Diagnostics;

/// <summary>
/// What was read of a cluster, or of one namespace of it, for one diagnosis: typed, already projected objects.
/// Strings may be withheld markers, arguments and environment values always are.
/// </summary>
public sealed class ClusterSnapshot
{
    private readonly Lazy<SnapshotIndex> _index;

    public ClusterSnapshot() => _index = new Lazy<SnapshotIndex>(() => new SnapshotIndex(this));

    /// <summary>The cluster's stable id; part of every fingerprint.</summary>
    public required string ClusterId { get; init; }

    /// <summary>When it was read: the only "now" of the analyzers.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Kinds that were read whole for the scope: neither refused nor cut off. Absence means something only for these.</summary>
    public IReadOnlySet<string> CompleteKinds { get; init; } = new HashSet<string>();

    /// <summary>Every pod of the cluster, for what nodes still have free; null when not all were read (one namespace, or too many).</summary>
    public IReadOnlyList<V1Pod>? PodsEverywhere { get; init; }

    public IReadOnlyList<V1Namespace> Namespaces { get; init; } = [];
    public IReadOnlyList<V1Node> Nodes { get; init; } = [];
    public IReadOnlyList<V1Pod> Pods { get; init; } = [];
    public IReadOnlyList<V1Deployment> Deployments { get; init; } = [];
    public IReadOnlyList<V1ReplicaSet> ReplicaSets { get; init; } = [];
    public IReadOnlyList<V1StatefulSet> StatefulSets { get; init; } = [];
    public IReadOnlyList<V1DaemonSet> DaemonSets { get; init; } = [];
    public IReadOnlyList<V1Job> Jobs { get; init; } = [];
    public IReadOnlyList<V1CronJob> CronJobs { get; init; } = [];
    public IReadOnlyList<V1Service> Services { get; init; } = [];
    public IReadOnlyList<V1EndpointSlice> EndpointSlices { get; init; } = [];
    public IReadOnlyList<V1Ingress> Ingresses { get; init; } = [];
    public IReadOnlyList<V1IngressClass> IngressClasses { get; init; } = [];
    public IReadOnlyList<V1PersistentVolumeClaim> Claims { get; init; } = [];
    public IReadOnlyList<V1PersistentVolume> Volumes { get; init; } = [];
    public IReadOnlyList<V1StorageClass> StorageClasses { get; init; } = [];
    public IReadOnlyList<V2HorizontalPodAutoscaler> Autoscalers { get; init; } = [];
    public IReadOnlyList<V1ResourceQuota> Quotas { get; init; } = [];
    public IReadOnlyList<Corev1Event> Events { get; init; } = [];

    /// <summary>Names of Secrets and ConfigMaps, where the customer keeps them.</summary>
    public ClusterInventory Inventory { get; init; } = ClusterInventory.None;

    /// <summary>Look-ups over the lists above, made once.</summary>
    internal SnapshotIndex Index => _index.Value;

    /// <summary>True when every object of the kind in scope is here.</summary>
    public bool IsComplete(string kind) => CompleteKinds.Contains(kind);

    /// <summary>True when every object of each kind in scope is here.</summary>
    public bool AreComplete(params ReadOnlySpan<string> kinds)
    {
        foreach (var kind in kinds)
        {
            if (!IsComplete(kind))
            {
                return false;
            }
        }

        return true;
    }
}
