using System.Collections.Frozen;

namespace Anycast.Core.Clusters;

/// <summary>Where a kind lives in the Kubernetes API.</summary>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Version">API version.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Plural">Name in paths.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
/// <param name="HasRows">Whether the cache holds its rows.</param>
public sealed record ClusterKind(string Group, string Version, string Kind, string Plural, bool Namespaced, bool HasRows = true)
{
    /// <summary>The path of its collection: <c>/api/v1/namespaces/shop/pods</c>.</summary>
    public string Path(string ns) =>
        (Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}")
        + (Namespaced && ns.Length > 0 ? $"/namespaces/{Uri.EscapeDataString(ns)}" : "")
        + $"/{Plural}";

    /// <summary>The path of one object.</summary>
    public string Path(string ns, string name) => $"{Path(ns)}/{Uri.EscapeDataString(name)}";
}

/// <summary>The kinds the service asks for. The agent has its own list and refuses what is not on it.</summary>
public static class ClusterKinds
{
    public static readonly IReadOnlyList<ClusterKind> All =
    [
        new("", "v1", "Namespace", "namespaces", false),
        new("", "v1", "Node", "nodes", false),
        new("", "v1", "Pod", "pods", true),
        new("apps", "v1", "Deployment", "deployments", true),
        new("apps", "v1", "ReplicaSet", "replicasets", true),
        new("apps", "v1", "StatefulSet", "statefulsets", true),
        new("apps", "v1", "DaemonSet", "daemonsets", true),
        new("batch", "v1", "Job", "jobs", true),
        new("batch", "v1", "CronJob", "cronjobs", true),
        new("", "v1", "Service", "services", true),
        new("networking.k8s.io", "v1", "Ingress", "ingresses", true),
        new("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
        new("", "v1", "Event", "events", true),
        new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true),
        new("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false, HasRows: false),
        new("", "v1", "PersistentVolume", "persistentvolumes", false, HasRows: false),
        new("storage.k8s.io", "v1", "StorageClass", "storageclasses", false, HasRows: false),
        new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, HasRows: false),
        new("", "v1", "ResourceQuota", "resourcequotas", true, HasRows: false),
    ];

    /// <summary>Kinds whose rows every cache holds.</summary>
    public static readonly IReadOnlyList<string> WithRows = [.. All.Where(k => k.HasRows).Select(k => k.Kind)];

    /// <summary>Of these, what people list: EndpointSlices are kept for how Services are doing.</summary>
    public static readonly IReadOnlyList<string> Listed = [.. WithRows.Where(k => k != "EndpointSlice")];

    /// <summary>Deployment, StatefulSet, DaemonSet: what people mean by workloads.</summary>
    public static readonly IReadOnlyList<string> Workloads = ["Deployment", "StatefulSet", "DaemonSet"];

    private static readonly FrozenDictionary<string, ClusterKind> s_byKind = All.ToFrozenDictionary(k => k.Kind, StringComparer.Ordinal);

    /// <summary>By its name, or null when the service does not know it.</summary>
    public static ClusterKind? Find(string kind) => s_byKind.GetValueOrDefault(kind);

    /// <summary>API group of a kind, empty for core and for unknown ones.</summary>
    public static string GroupOf(string kind) => Find(kind)?.Group ?? "";
}
