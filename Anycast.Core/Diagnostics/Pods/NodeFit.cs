using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>
/// Our own look at whether a pod could run on a node, to verify what the scheduler's message says. Judges what can be judged from
/// projected objects: readiness, cordon, taints, node selector, requests against what is free, and whether one more pod has a place.
/// </summary>
internal sealed record NodeFit(V1Node Node, bool TakesPods, bool ToleratesTaints, bool MatchesSelector, IReadOnlyDictionary<string, decimal> Allocatable, IReadOnlyDictionary<string, decimal>? Free, bool HasPlace)
{
    /// <summary>The resources that are judged and that a change may lower.</summary>
    public static readonly string[] Resources = ["cpu", "memory", "ephemeral-storage"];

    /// <summary>True when only the requests could keep the pod away.</summary>
    public bool Open => TakesPods && ToleratesTaints && MatchesSelector;

    public static IReadOnlyList<NodeFit> For(ClusterSnapshot snapshot, V1Pod pod) =>
        [.. snapshot.Nodes.Select(node => For(snapshot, pod, node))];

    private static NodeFit For(ClusterSnapshot snapshot, V1Pod pod, V1Node node)
    {
        var allocatable = new Dictionary<string, decimal>(StringComparer.Ordinal);
        Dictionary<string, decimal>? free = snapshot.PodsEverywhere is null ? null : new(StringComparer.Ordinal);
        var there = snapshot.Index.PodsOn(node.Metadata.Name)
            .Where(p => p.Metadata.Uid != pod.Metadata.Uid && !p.IsFinished())
            .ToList();
        foreach (var resource in Resources)
        {
            if (Quantities.Of(node.Status?.Allocatable, resource) is { } amount)
            {
                allocatable[resource] = amount;
                free?.Add(resource, Math.Max(0, amount - there.Sum(p => Quantities.RequestOf(p.Spec, resource))));
            }
        }

        return new NodeFit(
            node,
            node.TakesPods(),
            (node.Spec?.Taints ?? []).All(t => t.Effect == "PreferNoSchedule" || Tolerates(pod, t)),
            Matches(pod, node),
            allocatable,
            free,
            Quantities.Of(node.Status?.Allocatable, "pods") is not { } most || there.Count < most);
    }

    private static bool Matches(V1Pod pod, V1Node node) =>
        pod.Spec?.NodeSelector is not { Count: > 0 } selector || Labels.Match(selector, node.Metadata.Labels);

    /// <remarks>https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/</remarks>
    private static bool Tolerates(V1Pod pod, V1Taint taint) => (pod.Spec?.Tolerations ?? []).Any(t =>
        (string.IsNullOrEmpty(t.Effect) || t.Effect == taint.Effect)
        && (string.IsNullOrEmpty(t.Key) ? t.OperatorProperty == "Exists" : t.Key == taint.Key)
        && (t.OperatorProperty == "Exists" || (t.Value ?? "") == (taint.Value ?? "")));
}
