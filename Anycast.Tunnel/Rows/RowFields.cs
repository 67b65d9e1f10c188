using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Rows;

/// <summary>
/// The fields that a row is made of, per kind. They are taken from the allow-list: a path that is not on it stops the process at
/// start, so a row can't carry what an object may not.
/// </summary>
internal static class RowFields
{
    private static readonly string[] Meta =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion", "metadata.generation", "metadata.creationTimestamp", "metadata.deletionTimestamp",
        "metadata.ownerReferences[].kind", "metadata.ownerReferences[].name", "metadata.ownerReferences[].controller",
    ];

    private static readonly string[] Conditions = ["status.conditions[].type", "status.conditions[].status", "status.conditions[].reason", "status.conditions[].lastTransitionTime"];

    private static readonly Dictionary<string, string[]> Paths = new(StringComparer.Ordinal)
    {
        ["Namespace"] = ["status.phase"],
        ["Node"] = [.. Conditions, "metadata.labels", "spec.unschedulable", "status.allocatable", "status.nodeInfo.kubeletVersion", "status.nodeInfo.osImage", "status.nodeInfo.architecture"],
        ["Pod"] =
        [
            .. Conditions, "spec.nodeName", "spec.containers[].image", "spec.initContainers[].name", "spec.initContainers[].restartPolicy", "status.phase", "status.reason", "status.podIP",
            .. ContainerStatus("status.containerStatuses[]"), .. ContainerStatus("status.initContainerStatuses[]"),
        ],
        ["Deployment"] = [.. Conditions, .. Template, "spec.replicas", "spec.paused", "status.observedGeneration", "status.readyReplicas", "status.updatedReplicas", "status.availableReplicas"],
        ["ReplicaSet"] = [.. Conditions, .. Template, "spec.replicas", "status.observedGeneration", "status.readyReplicas", "status.replicas", "status.availableReplicas"],
        ["StatefulSet"] = [.. Conditions, .. Template, "spec.replicas", "status.observedGeneration", "status.readyReplicas", "status.updatedReplicas", "status.availableReplicas"],
        ["DaemonSet"] =
        [
            .. Conditions, .. Template, "status.observedGeneration", "status.desiredNumberScheduled", "status.numberReady", "status.updatedNumberScheduled", "status.numberAvailable",
        ],
        ["Job"] = [.. Conditions, "spec.suspend", "spec.completions", "status.active", "status.succeeded", "status.failed", "status.startTime"],
        ["CronJob"] = ["spec.schedule", "spec.suspend", "status.lastScheduleTime", "status.active[].name"],
        ["Service"] = ["spec.type", "spec.clusterIP", "spec.ports[].port", "spec.ports[].nodePort", "spec.ports[].protocol", "status.loadBalancer.ingress[].ip", "status.loadBalancer.ingress[].hostname"],
        ["EndpointSlice"] = ["metadata.labels", "endpoints[].conditions.ready", "endpoints[].addresses[]"],
        ["Ingress"] =
        [
            "spec.ingressClassName", "spec.rules[].host", "spec.rules[].http.paths[].backend.service.name", "spec.rules[].http.paths[].backend.service.port.number",
            "status.loadBalancer.ingress[].ip", "status.loadBalancer.ingress[].hostname",
            "spec.rules[].http.paths[].backend.service.port.name", "spec.defaultBackend.service.name", "spec.defaultBackend.service.port.number", "spec.defaultBackend.service.port.name",
        ],
        ["PersistentVolumeClaim"] = ["status.phase", "spec.storageClassName", "spec.volumeName", "spec.resources.requests"],
        ["Event"] =
        [
            "type", "reason", "message", "count", "firstTimestamp", "lastTimestamp", "eventTime", "series.count", "series.lastObservedTime", "source.component", "reportingComponent",
            "involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid",
        ],
    };

    private static readonly Dictionary<string, FieldNode> Trees =
        Paths.ToDictionary(p => p.Key, p => RedactionSpecification.Current.Select(p.Key, [.. Meta, .. p.Value]), StringComparer.Ordinal);

    private static string[] Template => ["spec.template.spec.containers[].image"];

    public static FieldNode For(string kind) => Trees[kind];

    private static string[] ContainerStatus(string at) =>
    [
        $"{at}.name", $"{at}.ready", $"{at}.started", $"{at}.restartCount", $"{at}.state.waiting.reason", $"{at}.state.running.startedAt",
        $"{at}.state.terminated.reason", $"{at}.state.terminated.exitCode", $"{at}.state.terminated.signal",
    ];
}
