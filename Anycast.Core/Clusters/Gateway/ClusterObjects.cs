using Anycast.Core.Clusters.Inventory;
using k8s.Models;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>Typed, projected objects of a cluster or of one namespace of it, read for one diagnosis.</summary>
public sealed record ClusterObjects
{
    /// <summary>When the reading ended.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Kinds read whole: neither refused, nor failed, nor cut off.</summary>
    public required IReadOnlySet<string> CompleteKinds { get; init; }

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
}
