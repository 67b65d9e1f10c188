using k8s;
using k8s.Models;

namespace Anycast.Core.Diagnostics;

/// <summary>The API group of each kind the analyzers know, and references made from typed objects.</summary>
internal static class Kinds
{
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["Deployment"] = "apps",
        ["ReplicaSet"] = "apps",
        ["StatefulSet"] = "apps",
        ["DaemonSet"] = "apps",
        ["Job"] = "batch",
        ["CronJob"] = "batch",
        ["Ingress"] = "networking.k8s.io",
        ["IngressClass"] = "networking.k8s.io",
        ["EndpointSlice"] = "discovery.k8s.io",
        ["StorageClass"] = "storage.k8s.io",
        ["HorizontalPodAutoscaler"] = "autoscaling",
    };

    /// <summary>API group of a kind, empty for core and unknown kinds.</summary>
    public static string GroupOf(string kind) => Groups.GetValueOrDefault(kind, "");

    /// <summary>
    /// A reference to an object of a typed list. The kind is given, because list items carry none on the wire.
    /// </summary>
    public static ObjectRef Ref(string kind, IMetadata<V1ObjectMeta> item) =>
        new(GroupOf(kind), kind, item.Metadata?.NamespaceProperty ?? "", item.Metadata?.Name ?? "", item.Metadata?.Uid ?? "");

    public static ObjectRef Ref(V1Pod pod) => Ref("Pod", pod);

    public static ObjectRef Ref(V1Node node) => Ref("Node", node);

    public static ObjectRef Ref(V1Service service) => Ref("Service", service);
}
