using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Nodes;

/// <summary>Nodes that are not ready, under pressure or closed for pods.</summary>
public sealed class NodeAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var node in snapshot.Nodes.Where(n => n.Metadata.DeletionTimestamp is null))
        {
            foreach (var condition in node.Status?.Conditions ?? [])
            {
                if (Rule(condition) is { } rule)
                {
                    yield return Describe(snapshot, node, condition, rule);
                }
            }

            if (node.Spec?.Unschedulable == true)
            {
                yield return Cordoned(snapshot, node);
            }
        }
    }

    /// <summary>
    /// Only types with a known polarity: providers add conditions of their own, and reading an unknown True as bad floods healthy clusters
    /// (k8sgpt #1461). One that ends in Ready is positive by Kubernetes' convention.
    /// </summary>
    private static string? Rule(V1NodeCondition condition) => (condition.Type, condition.Status) switch
    {
        ("Ready", "False") => "NodeNotReady",
        ("Ready", "Unknown") => "NodeUnreachable",
        ("MemoryPressure" or "DiskPressure" or "PIDPressure", "True") => "NodePressure",
        ("NetworkUnavailable", "True") => "NodeNetworkUnavailable",
        ({ } type, "False") when type.EndsWith("Ready", StringComparison.Ordinal) => "NodeConditionFalse",
        _ => null,
    };

    private static Finding Describe(ClusterSnapshot snapshot, V1Node node, V1NodeCondition condition, string rule)
    {
        var self = Kinds.Ref(node);
        var pods = snapshot.Index.PodsOn(node.Metadata.Name).Count(p => !p.IsFinished());
        var severity = rule is "NodeNotReady" or "NodeUnreachable" or "NodeNetworkUnavailable" ? FindingSeverity.Critical : FindingSeverity.Warning;
        var resource = condition.Type switch { "MemoryPressure" => "memory", "DiskPressure" => "ephemeral-storage", "PIDPressure" => "PIDs", _ => "" };
        var report = new Report(snapshot, rule, severity, self, condition.Type)
            .With("condition", condition.Type)
            .With("reason", condition.Reason)
            .With("resource", resource)
            .With("pods", pods.Text())
            .With("heartbeat", condition.LastHeartbeatTime is { } beat ? $"{SnapshotExtensions.Instant(beat):u}" : "?")
            .Saw(self, $"status.conditions[{condition.Type}].status", condition.Status)
            .Saw(self, $"status.conditions[{condition.Type}].reason", condition.Reason)
            .Saw(self, $"status.conditions[{condition.Type}].message", condition.Message)
            .Saw(snapshot.Index.EventsOf("Node", node).FirstOrDefault(e => e.Type == "Warning"))
            .Between(SnapshotExtensions.Instant(condition.LastTransitionTime), snapshot.TakenAt);
        if (resource.Length > 0 && Quantities.Of(node.Status.Allocatable, resource) is { } allocatable)
        {
            report.Saw(self, $"status.allocatable.{resource}", Quantities.Print(resource, allocatable));
            foreach (var pod in snapshot.Index.PodsOn(node.Metadata.Name)
                .Where(p => !p.IsFinished())
                .OrderByDescending(p => Quantities.RequestOf(p.Spec, resource))
                .Take(3))
            {
                report.Saw(Kinds.Ref(pod), $"requests.{resource}", Quantities.Print(resource, Quantities.RequestOf(pod.Spec, resource)));
            }
        }

        return report.Done();
    }

    private static Finding Cordoned(ClusterSnapshot snapshot, V1Node node)
    {
        var self = Kinds.Ref(node);
        // Closing a node is a person's doing and may be wanted; it is a fault once pods wait for room.
        var waiting = snapshot.Pods.Count(p => p.Status?.Phase == "Pending" && string.IsNullOrEmpty(p.Spec?.NodeName));
        return new Report(snapshot, "NodeCordoned", waiting > 0 ? FindingSeverity.Warning : FindingSeverity.Info, self)
            .With("waiting", waiting.Text())
            .Saw(self, "spec.unschedulable", "true")
            .Mend(Report.Fix(OperationNames.Cordon, self, "Fix.Uncordon", [new LeafChange("spec.unschedulable", "false")]))
            .Done();
    }
}
