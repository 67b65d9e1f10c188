using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;

namespace Anycast.Core.Diagnostics;

/// <summary>Reads a cluster, or one namespace of it, through the gateway and runs all analyzers.</summary>
public sealed class DiagnosisService(ClusterGateway gateway, Diagnosis diagnosis)
{
    /// <summary>Findings of a cluster or namespace.</summary>
    /// <param name="ns">Only this namespace; null for the whole cluster.</param>
    public async Task<Outcome<DiagnosisResult>> RunAsync(Actor actor, Guid teamId, Guid clusterId, string? ns, CancellationToken ct)
    {
        var read = await gateway.SnapshotAsync(actor, teamId, clusterId, ns, ct);
        if (!read.IsOk)
        {
            return read.Failure;
        }

        var objects = read.Value;
        var everywhere = ns is null && objects.CompleteKinds.Contains("Pod") ? objects.Pods : null;
        if (everywhere is null && objects.Pods.Any(IsUnschedulable))
        {
            // Only whole nodes can be judged: what other namespaces run there counts too.
            var all = await gateway.ListAsync<k8s.Models.V1Pod>(actor, teamId, clusterId, new ObjectQuery(), ct);
            everywhere = all is { IsOk: true, Value.Complete: true } ? all.Value.Items : null;
        }

        return diagnosis.Run(Snapshot(clusterId, objects, everywhere), ct);
    }

    private static bool IsUnschedulable(k8s.Models.V1Pod pod) =>
        pod.Status?.Phase == "Pending" && pod.Status.Conditions?.Any(c => c.Type == "PodScheduled" && c.Status == "False") == true;

    private static ClusterSnapshot Snapshot(Guid clusterId, ClusterObjects objects, IReadOnlyList<k8s.Models.V1Pod>? everywhere) => new()
    {
        ClusterId = clusterId.ToString(),
        TakenAt = objects.TakenAt,
        CompleteKinds = objects.CompleteKinds,
        PodsEverywhere = everywhere,
        Namespaces = objects.Namespaces,
        Nodes = objects.Nodes,
        Pods = objects.Pods,
        Deployments = objects.Deployments,
        ReplicaSets = objects.ReplicaSets,
        StatefulSets = objects.StatefulSets,
        DaemonSets = objects.DaemonSets,
        Jobs = objects.Jobs,
        CronJobs = objects.CronJobs,
        Services = objects.Services,
        EndpointSlices = objects.EndpointSlices,
        Ingresses = objects.Ingresses,
        IngressClasses = objects.IngressClasses,
        Claims = objects.Claims,
        Volumes = objects.Volumes,
        StorageClasses = objects.StorageClasses,
        Autoscalers = objects.Autoscalers,
        Quotas = objects.Quotas,
        Events = objects.Events,
        Inventory = objects.Inventory,
    };
}
