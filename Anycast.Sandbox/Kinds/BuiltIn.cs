namespace Anycast.Sandbox.Kinds;

/// <summary>The built-in resources, as a Kubernetes 1.32 API server serves them.</summary>
public static class BuiltIn
{
    private const string Rbac = "rbac.authorization.k8s.io";
    private const string Admission = "admissionregistration.k8s.io";

    public static KindInfo Namespace { get; } = new("", "v1", "Namespace", "namespaces", false, "ns") { HasStatus = true, Subresources = ["finalize"] };
    public static KindInfo Node { get; } = new("", "v1", "Node", "nodes", false, "no") { HasStatus = true, Subresources = ["proxy"] };
    public static KindInfo Pod { get; } = new("", "v1", "Pod", "pods", true, "po")
    {
        HasStatus = true,
        Categories = ["all"],
        Subresources = ["log", "exec", "attach", "portforward", "proxy", "eviction", "binding", "ephemeralcontainers", "resize"],
    };

    public static KindInfo Service { get; } = new("", "v1", "Service", "services", true, "svc") { HasStatus = true, Categories = ["all"], Subresources = ["proxy"] };
    public static KindInfo Endpoints { get; } = new("", "v1", "Endpoints", "endpoints", true, "ep");
    public static KindInfo Event { get; } = new("", "v1", "Event", "events", true, "ev");
    public static KindInfo ConfigMap { get; } = new("", "v1", "ConfigMap", "configmaps", true, "cm");
    public static KindInfo Secret { get; } = new("", "v1", "Secret", "secrets", true);
    public static KindInfo ServiceAccount { get; } = new("", "v1", "ServiceAccount", "serviceaccounts", true, "sa") { Subresources = ["token"] };
    public static KindInfo PersistentVolumeClaim { get; } = new("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true, "pvc") { HasStatus = true };
    public static KindInfo PersistentVolume { get; } = new("", "v1", "PersistentVolume", "persistentvolumes", false, "pv") { HasStatus = true };
    public static KindInfo ResourceQuota { get; } = new("", "v1", "ResourceQuota", "resourcequotas", true, "quota") { HasStatus = true };
    public static KindInfo LimitRange { get; } = new("", "v1", "LimitRange", "limitranges", true, "limits");
    public static KindInfo ReplicationController { get; } = new("", "v1", "ReplicationController", "replicationcontrollers", true, "rc")
    {
        HasStatus = true,
        HasScale = true,
        HasGeneration = true,
        Categories = ["all"],
    };

    public static KindInfo Deployment { get; } = Workload("Deployment", "deployments", "deploy") with { HasScale = true };
    public static KindInfo ReplicaSet { get; } = Workload("ReplicaSet", "replicasets", "rs") with { HasScale = true };
    public static KindInfo StatefulSet { get; } = Workload("StatefulSet", "statefulsets", "sts") with { HasScale = true };
    public static KindInfo DaemonSet { get; } = Workload("DaemonSet", "daemonsets", "ds");
    public static KindInfo ControllerRevision { get; } = new("apps", "v1", "ControllerRevision", "controllerrevisions", true);

    public static KindInfo Job { get; } = new("batch", "v1", "Job", "jobs", true) { HasStatus = true, HasGeneration = true, Categories = ["all"] };
    public static KindInfo CronJob { get; } = new("batch", "v1", "CronJob", "cronjobs", true, "cj") { HasStatus = true, HasGeneration = true, Categories = ["all"] };
    public static KindInfo HorizontalPodAutoscaler { get; } = new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, "hpa")
    {
        HasStatus = true,
        Categories = ["all"],
    };

    public static KindInfo PodDisruptionBudget { get; } = new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true, "pdb") { HasStatus = true, HasGeneration = true };
    public static KindInfo Ingress { get; } = new("networking.k8s.io", "v1", "Ingress", "ingresses", true, "ing") { HasStatus = true, HasGeneration = true };
    public static KindInfo IngressClass { get; } = new("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false) { HasGeneration = true };
    public static KindInfo NetworkPolicy { get; } = new("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true, "netpol") { HasGeneration = true };
    public static KindInfo EndpointSlice { get; } = new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true) { HasGeneration = true };
    public static KindInfo StorageClass { get; } = new("storage.k8s.io", "v1", "StorageClass", "storageclasses", false, "sc");
    public static KindInfo VolumeAttachment { get; } = new("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", false) { HasStatus = true };
    public static KindInfo CsiDriver { get; } = new("storage.k8s.io", "v1", "CSIDriver", "csidrivers", false);
    public static KindInfo CsiNode { get; } = new("storage.k8s.io", "v1", "CSINode", "csinodes", false);
    public static KindInfo PriorityClass { get; } = new("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false, "pc") { HasGeneration = true };
    public static KindInfo Lease { get; } = new("coordination.k8s.io", "v1", "Lease", "leases", true);
    public static KindInfo CustomResourceDefinition { get; } = new("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false, "crd", "crds")
    {
        HasStatus = true,
        HasGeneration = true,
        Categories = ["api-extensions"],
    };

    public static KindInfo Role { get; } = new(Rbac, "v1", "Role", "roles", true);
    public static KindInfo ClusterRole { get; } = new(Rbac, "v1", "ClusterRole", "clusterroles", false);
    public static KindInfo RoleBinding { get; } = new(Rbac, "v1", "RoleBinding", "rolebindings", true);
    public static KindInfo ClusterRoleBinding { get; } = new(Rbac, "v1", "ClusterRoleBinding", "clusterrolebindings", false);

    /// <summary>Every built-in resource, in the order of discovery.</summary>
    public static IReadOnlyList<KindInfo> All { get; } =
    [
        Namespace, Node, Pod, Service, Endpoints, Event, ConfigMap, Secret, ServiceAccount, PersistentVolumeClaim, PersistentVolume,
        ResourceQuota, LimitRange, ReplicationController,
        Deployment, ReplicaSet, StatefulSet, DaemonSet, ControllerRevision, Job, CronJob, HorizontalPodAutoscaler, PodDisruptionBudget,
        Ingress, IngressClass, NetworkPolicy, EndpointSlice,
        new("events.k8s.io", "v1", "Event", "events", true, "ev") { StoredAs = Event },
        new("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true, "hpa") { StoredAs = HorizontalPodAutoscaler, HasStatus = true, Categories = ["all"] },
        StorageClass, VolumeAttachment, CsiDriver, CsiNode, PriorityClass, Lease, CustomResourceDefinition,
        Role, ClusterRole, RoleBinding, ClusterRoleBinding,
        new(Admission, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false) { HasStatus = true, HasGeneration = true },
        new(Admission, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false) { HasGeneration = true },
        new(Admission, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false) { HasGeneration = true },
        new(Admission, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false) { HasGeneration = true },
        new("apiregistration.k8s.io", "v1", "APIService", "apiservices", false) { HasStatus = true, Categories = ["api-extensions"] },
    ];

    private static KindInfo Workload(string kind, string plural, string shortName) =>
        new("apps", "v1", kind, plural, true, shortName) { HasStatus = true, HasGeneration = true, Categories = ["all"] };
}
