using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Containers that the kernel killed for going over their memory limit, also when they run again by now.</summary>
public sealed class OutOfMemoryAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => !p.IsDeleting()))
        {
            foreach (var (list, status) in pod.AllStatuses())
            {
                var (where, end) = Kill(status);
                if (end is not null && (SnapshotExtensions.Instant(end.FinishedAt) is not { } at || snapshot.TakenAt - at <= DiagnosticsLimits.OutOfMemoryWindow))
                {
                    yield return Describe(snapshot, pod, $"status.{list}[{status.Name}].{where}", status, end);
                }
            }
        }
    }

    private static (string Where, V1ContainerStateTerminated? End) Kill(V1ContainerStatus status) =>
        status.State?.Terminated is { Reason: "OOMKilled" } now ? ("state.terminated", now)
        : status.LastState?.Terminated is { Reason: "OOMKilled" } last ? ("lastState.terminated", last)
        : ("", null);

    private static Finding Describe(ClusterSnapshot snapshot, V1Pod pod, string path, V1ContainerStatus status, V1ContainerStateTerminated end)
    {
        var self = Kinds.Ref(pod);
        var spec = pod.Spec.FindContainer(status.Name);
        var limit = Quantities.Of(spec?.Container.Resources?.Limits, "memory");
        var request = Quantities.Of(spec?.Container.Resources?.Requests, "memory");
        var running = status.State?.Running is not null && status.Ready;
        // Without a limit the node ran out of memory, which is another fault with another remedy.
        var rule = limit is null ? "OutOfMemoryNode" : "OutOfMemory";
        return new Report(snapshot, rule, running ? FindingSeverity.Warning : FindingSeverity.Error, snapshot.Index.OwnerOf(pod), status.Name)
            .On("Pod", pod)
            .With("container", status.Name)
            .With("limit", limit is { } l ? Quantities.Print("memory", l) : "")
            .With("restarts", status.RestartCount.Text())
            .With("node", pod.Spec?.NodeName)
            .Saw(self, $"{path}.reason", end.Reason)
            .Saw(self, $"{path}.exitCode", end.ExitCode.Text())
            .Saw(self, $"spec.{spec?.List}[{status.Name}].resources.limits.memory", limit is { } lim ? Quantities.Print("memory", lim) : null)
            .Saw(self, $"spec.{spec?.List}[{status.Name}].resources.requests.memory", request is { } r ? Quantities.Print("memory", r) : null)
            .Saw(self, $"{path[..path.LastIndexOf(']')]}].restartCount", status.RestartCount.Text())
            .Between(SnapshotExtensions.Instant(end.FinishedAt), SnapshotExtensions.Instant(end.FinishedAt))
            .Mend(limit is { } old && spec is { } s ? Raise(snapshot, pod, s.List, status.Name, old) : null)
            .Done();
    }

    /// <summary>
    /// Twice the limit that was hit, the usual first step: the kill says that the limit is too low, not by how much.
    /// Not offered when no node could hold it, nor when the template has another limit by now.
    /// </summary>
    private static SuggestedFix? Raise(ClusterSnapshot snapshot, V1Pod pod, string list, string container, decimal limit)
    {
        var owner = snapshot.Index.OwnerOf(pod);
        var template = snapshot.Index.Workloads.FirstOrDefault(w => w.Ref == owner)?.Template?.Spec;
        var current = Quantities.Of(template.FindContainer(container)?.Container.Resources?.Limits, "memory");
        var raised = limit * 2;
        var largest = snapshot.Nodes.Select(n => Quantities.Of(n.Status?.Allocatable, "memory") ?? 0).DefaultIfEmpty(0).Max();
        if (current != limit || (largest > 0 && raised > largest))
        {
            return null;
        }

        var before = Quantities.Print("memory", limit);
        var after = Quantities.Print("memory", raised);
        return Report.Fix(
            OperationNames.Patch,
            owner,
            "Fix.MemoryLimit",
            [new LeafChange($"spec.template.spec.{list}[{container}].resources.limits[memory]", after)],
            ("container", container),
            ("before", before),
            ("after", after));
    }
}
