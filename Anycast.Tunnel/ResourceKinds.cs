namespace Anycast.Tunnel;

/// <summary>One kind that may be read through the tunnel.</summary>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Version">API version.</param>
/// <param name="Plural">Its name in paths.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespaced">Whether its objects live in namespaces.</param>
/// <param name="HasRows">Whether there is a row for it.</param>
public sealed record ResourceKind(string Group, string Version, string Plural, string Kind, bool Namespaced, bool HasRows)
{
    /// <summary><c>v1</c> or <c>apps/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path of the whole collection, or of one namespace's.</summary>
    public string CollectionPath(string? ns = null) =>
        (Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}") + (string.IsNullOrEmpty(ns) ? "" : $"/namespaces/{ns}") + $"/{Plural}";
}

/// <summary>
/// Every kind that the agent reads. What is not here is refused: Secrets, ConfigMaps, ControllerRevisions, subresources such as
/// logs, exec, attach, port-forward and proxy have no entry and can't get one from the service.
/// </summary>
public static class ResourceKinds
{
    private static readonly ResourceKind[] Table =
    [
        new("", "v1", "namespaces", "Namespace", false, true),
        new("", "v1", "nodes", "Node", false, true),
        new("", "v1", "pods", "Pod", true, true),
        new("", "v1", "services", "Service", true, true),
        new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true, true),
        new("", "v1", "events", "Event", true, true),
        new("apps", "v1", "deployments", "Deployment", true, true),
        new("apps", "v1", "replicasets", "ReplicaSet", true, true),
        new("apps", "v1", "statefulsets", "StatefulSet", true, true),
        new("apps", "v1", "daemonsets", "DaemonSet", true, true),
        new("batch", "v1", "jobs", "Job", true, true),
        new("batch", "v1", "cronjobs", "CronJob", true, true),
        new("networking.k8s.io", "v1", "ingresses", "Ingress", true, true),
        new("", "v1", "persistentvolumes", "PersistentVolume", false, false),
        new("", "v1", "resourcequotas", "ResourceQuota", true, false),
        new("", "v1", "limitranges", "LimitRange", true, false),
        new("", "v1", "serviceaccounts", "ServiceAccount", true, false),
        new("events.k8s.io", "v1", "events", "Event", true, false),
        new("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true, false),
        new("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", true, false),
        new("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false, false),
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true, false),
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, true),
        new("storage.k8s.io", "v1", "storageclasses", "StorageClass", false, false),
        new("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", false, false),
        new("storage.k8s.io", "v1", "csidrivers", "CSIDriver", false, false),
        new("storage.k8s.io", "v1", "csinodes", "CSINode", false, false),
        new("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", false, false),
        new("", "v1", "replicationcontrollers", "ReplicationController", true, false),
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false, false),
        new("agent.anycast.io", "v1", "objectinventories", "ObjectInventory", true, false),
        new("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", true, false),
        new("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", false, false),
    ];

    private static readonly Dictionary<(string, string, string), ResourceKind> ByPath = Table.ToDictionary(k => (k.Group, k.Version, k.Plural));

    private static readonly Dictionary<string, ResourceKind> RowTable = Table.Where(k => k.HasRows).ToDictionary(k => k.Kind, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ResourceKind> All => Table;

    /// <summary>The kinds that have rows.</summary>
    public static IReadOnlyCollection<ResourceKind> WithRows => RowTable.Values;

    public static ResourceKind? ByPlural(string group, string version, string plural) => ByPath.GetValueOrDefault((group, version, plural));

    public static ResourceKind? Rows(string kind) => RowTable.GetValueOrDefault(kind);

    /// <summary>The kind of a group, for operations.</summary>
    public static ResourceKind? ByKind(string group, string kind) => Array.Find(Table, k => k.Group == group && k.Kind == kind);
}
