using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>
/// Lowers what a pod requests to what a suitable node has free, rounded down. Only where some request is more than any node could ever hold:
/// one that merely waits for room is not wrong. All resources go into one change, and it is suggested only when the pod would fit with it.
/// </summary>
internal static class LowerRequests
{
    public static SuggestedFix? Suggest(ClusterSnapshot snapshot, ResourceShortage shortage)
    {
        var pod = shortage.Pod;
        var owner = snapshot.Index.OwnerOf(pod);
        var template = snapshot.Index.Workloads.FirstOrDefault(w => w.Ref == owner)?.Template?.Spec;

        // A resource we cannot lower (a GPU), or rules on nodes we do not judge: the pod might stay pending, so nothing is promised.
        if (template is null || pod.Spec?.Containers is not { Count: > 0 } || shortage.Short.Except(NodeFit.Resources).Any() || pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is not null)
        {
            return null;
        }

        // As many nodes as pods of it wait: with what the scarcest of them has, all of them find room.
        var waiting = Math.Max(1, snapshot.Index.PodsIn(owner.Namespace).Count(p => string.IsNullOrEmpty(p.Spec?.NodeName) && !p.IsDeleting() && snapshot.Index.OwnerOf(p) == owner));
        var rooms = shortage.Fits
            .Where(f => f is { Open: true, HasPlace: true, Free: not null })
            .Select(f => Room.On(pod, f))
            .OfType<Room>()
            .OrderBy(r => r.Targets.Count)
            .ThenByDescending(r => r.Share)
            .ThenBy(r => r.Node.Metadata.Name, StringComparer.Ordinal)
            .Take(waiting)
            .ToList();
        if (rooms.Count < waiting)
        {
            return null;
        }

        var leaves = new List<LeafChange>();
        var changes = new List<string>();
        var containers = new List<string>();
        foreach (var resource in rooms.SelectMany(r => r.Targets.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            var container = Room.Biggest(pod, resource);
            var target = rooms.Where(r => r.Targets.ContainsKey(resource)).Min(r => r.Targets[resource]);
            var own = Quantities.Of(container.Resources?.Requests, resource);
            if (Quantities.Of(template.FindContainer(container.Name)?.Container.Resources?.Requests, resource) != own)
            {
                // The workload has been changed since this pod was made; what it says now is another matter.
                return null;
            }

            containers.Add(container.Name);
            Set("requests", own);

            // A limit that was the request's twin stays so; one that no node can honour is of no use.
            if (Quantities.Of(container.Resources?.Limits, resource) is { } limit && (limit == own || rooms.Exists(r => limit > r.Allocatable.GetValueOrDefault(resource))))
            {
                Set("limits", limit);
            }

            void Set(string list, decimal? before)
            {
                var after = Quantities.Print(resource, target);
                leaves.Add(new LeafChange($"spec.template.spec.containers[{container.Name}].resources.{list}[{resource}]", after));
                changes.Add($"{list}.{resource} {Quantities.Print(resource, before ?? 0)} → {after}");
            }
        }

        return Report.Fix(
            OperationNames.Patch,
            owner,
            "Fix.LowerRequest",
            leaves,
            ("container", string.Join(", ", containers.Distinct())),
            ("changes", string.Join(", ", changes)),
            ("node", string.Join(", ", rooms.Select(r => r.Node.Metadata.Name))));
    }

    /// <summary>What a node would take, once the requests are lowered.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Allocatable">What it has in all.</param>
    /// <param name="Targets">New request of the container that asks for most, per resource that must shrink.</param>
    /// <param name="Share">The smallest part of a request that is left; the larger, the less is taken from the pod.</param>
    private sealed record Room(V1Node Node, IReadOnlyDictionary<string, decimal> Allocatable, IReadOnlyDictionary<string, decimal> Targets, decimal Share)
    {
        /// <summary>Null where lowering one container per resource is not enough.</summary>
        public static Room? On(V1Pod pod, NodeFit fit)
        {
            var targets = new Dictionary<string, decimal>(StringComparer.Ordinal);
            var share = 1m;
            foreach (var resource in NodeFit.Resources)
            {
                var request = Quantities.RequestOf(pod.Spec, resource);
                var free = fit.Free!.GetValueOrDefault(resource);
                if (request <= free)
                {
                    continue;
                }

                var own = Quantities.Of(Biggest(pod, resource).Resources?.Requests, resource) ?? 0;
                var target = Quantities.RoundDown(resource, free - (request - own));
                if (target <= 0 || Quantities.RequestOf(pod.Spec, resource, own - target) > free)
                {
                    return null;
                }

                targets[resource] = target;
                share = Math.Min(share, target / own);
            }

            return new Room(fit.Node, fit.Allocatable, targets, share);
        }

        public static V1Container Biggest(V1Pod pod, string resource) => pod.Spec.Containers.MaxBy(c => Quantities.Of(c.Resources?.Requests, resource) ?? 0)!;
    }
}
