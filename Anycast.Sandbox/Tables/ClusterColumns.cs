using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Tables;

/// <summary>Columns of nodes, namespaces, classes and access rules.</summary>
internal static class ClusterColumns
{
    public static IReadOnlyDictionary<string, Column[]> All { get; } = new Dictionary<string, Column[]>(StringComparer.Ordinal)
    {
        ["Namespace"] = [Column.Text("Status", o => o.Str("status", "phase"))],
        ["Node"] =
        [
            Column.Text("Status", NodeStatus),
            Column.Text("Roles", o => string.Join(",", o.Obj("metadata", "labels").Where(l => l.Key.StartsWith("node-role.kubernetes.io/", StringComparison.Ordinal)).Select(l => l.Key["node-role.kubernetes.io/".Length..]))),
            Column.Text("Version", o => o.Str("status", "nodeInfo", "kubeletVersion")),
            Column.Text("Internal-IP", o => Address(o, "InternalIP"), wide: true),
            Column.Text("External-IP", o => Address(o, "ExternalIP"), wide: true),
            Column.Text("OS-Image", o => o.Str("status", "nodeInfo", "osImage"), wide: true),
            Column.Text("Kernel-Version", o => o.Str("status", "nodeInfo", "kernelVersion"), wide: true),
            Column.Text("Container-Runtime", o => o.Str("status", "nodeInfo", "containerRuntimeVersion"), wide: true),
        ],
        ["StorageClass"] =
        [
            Column.Text("Provisioner", o => o.Str("provisioner")),
            Column.Text("ReclaimPolicy", o => o.Str("reclaimPolicy")),
            Column.Text("VolumeBindingMode", o => o.Str("volumeBindingMode")),
            Column.Text("AllowVolumeExpansion", o => o.Bool("allowVolumeExpansion") ? "true" : "false"),
        ],
        ["IngressClass"] = [Column.Text("Controller", o => o.Str("spec", "controller")), Column.Text("Parameters", o => o.Str("spec", "parameters", "name"))],
        ["NetworkPolicy"] = [Column.Text("Pod-Selector", o => WorkloadColumns.Pairs(o.Obj("spec", "podSelector", "matchLabels")))],
        ["PriorityClass"] =
        [
            Column.Number("Value", o => o.Number("value") ?? 0),
            Column.Text("Global-Default", o => o.Bool("globalDefault") ? "true" : "false"),
            Column.Text("PreemptionPolicy", o => o.Str("preemptionPolicy") is { Length: > 0 } policy ? policy : "PreemptLowerPriority"),
        ],
        ["CustomResourceDefinition"] = [Column.Text("Created At", o => o.Str("metadata", "creationTimestamp"))],
        ["Lease"] = [Column.Text("Holder", o => o.Str("spec", "holderIdentity"))],
        ["Role"] = [Column.Text("Created At", o => o.Str("metadata", "creationTimestamp"))],
        ["ClusterRole"] = [Column.Text("Created At", o => o.Str("metadata", "creationTimestamp"))],
        ["RoleBinding"] = [Column.Text("Role", o => $"{o.Str("roleRef", "kind")}/{o.Str("roleRef", "name")}"), .. Subjects()],
        ["ClusterRoleBinding"] = [Column.Text("Role", o => $"{o.Str("roleRef", "kind")}/{o.Str("roleRef", "name")}"), .. Subjects()],
        ["CSIDriver"] = [Column.Text("AttachRequired", o => o.Bool("spec", "attachRequired") ? "true" : "false")],
        ["CSINode"] = [Column.Number("Drivers", o => o.Items("spec", "drivers").Count())],
        ["VolumeAttachment"] =
        [
            Column.Text("Attacher", o => o.Str("spec", "attacher")),
            Column.Text("PV", o => o.Str("spec", "source", "persistentVolumeName")),
            Column.Text("Node", o => o.Str("spec", "nodeName")),
            Column.Text("Attached", o => o.Bool("status", "attached") ? "true" : "false"),
        ],
    };

    private static Column[] Subjects()
    {
        static string Of(JsonObject binding, string kind) => string.Join(", ", binding.Items("subjects").Where(s => s.Str("kind") == kind)
            .Select(s => kind == "ServiceAccount" ? $"{s.Str("namespace")}/{s.Str("name")}" : s.Str("name")));
        return
        [
            new("Users", "string", 1, (o, _) => Of(o, "User")),
            new("Groups", "string", 1, (o, _) => Of(o, "Group")),
            new("ServiceAccounts", "string", 1, (o, _) => Of(o, "ServiceAccount")),
        ];
    }

    private static string NodeStatus(JsonObject node)
    {
        var ready = node.Items("status", "conditions").FirstOrDefault(c => c.Str("type") == "Ready").Str("status");
        var text = ready switch { "True" => "Ready", "False" => "NotReady", _ => "Unknown" };
        return node.Bool("spec", "unschedulable") ? text + ",SchedulingDisabled" : text;
    }

    private static string Address(JsonObject node, string type) => node.Items("status", "addresses").FirstOrDefault(a => a.Str("type") == type).Str("address");
}
