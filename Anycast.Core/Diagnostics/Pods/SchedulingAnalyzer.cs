using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Pods that no node takes: the scheduler's causes, verified against the nodes.</summary>
public sealed class SchedulingAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => !p.IsDeleting() && p.Status?.Phase == "Pending" && string.IsNullOrEmpty(p.Spec?.NodeName)))
        {
            if (pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled" && c.Status == "False") is not { } condition)
            {
                continue;
            }

            yield return condition.Reason == "SchedulingGated"
                ? new Report(snapshot, "SchedulingGated", FindingSeverity.Info, snapshot.Index.OwnerOf(pod))
                    .On("Pod", pod)
                    .Saw(Kinds.Ref(pod), "status.conditions[PodScheduled].reason", condition.Reason)
                    .Done()
                : Describe(snapshot, pod, condition);
        }
    }

    private static Finding Describe(ClusterSnapshot snapshot, V1Pod pod, V1PodCondition condition)
    {
        var e = snapshot.Index.EventsOf("Pod", pod).FirstOrDefault(x => x.Reason == "FailedScheduling");
        var message = Withheld.Visible(e?.Message) is { Length: > 0 } text ? text : Withheld.Visible(condition.Message);
        var causes = SchedulingMessage.Parse(message);
        var fits = NodeFit.For(snapshot, pod);
        var main = causes.OrderByDescending(c => c.Nodes).ThenBy(c => c.Cause).FirstOrDefault() ?? FromNodes(pod, fits);
        var (rule, detail) = Rule(main, pod, fits);
        var report = new Report(snapshot, rule, FindingSeverity.Error, snapshot.Index.OwnerOf(pod), detail)
            .On("Pod", pod)
            .With("nodes", fits.Count.Text())
            .With("blocked", (main?.Nodes ?? fits.Count).Text())
            .With("detail", detail)
            .With("causes", string.Join(", ", causes.Select(c => $"{c.Nodes}× {c.Cause}{(c.Detail.Length > 0 ? $" ({c.Detail})" : "")}")))
            .Saw(Kinds.Ref(pod), "status.conditions[PodScheduled].reason", condition.Reason)
            .Saw(e)
            .Between(SnapshotExtensions.Instant(condition.LastTransitionTime), snapshot.TakenAt);
        if (e is null)
        {
            report.Saw(Kinds.Ref(pod), "status.conditions[PodScheduled].message", condition.Message);
        }

        switch (main?.Cause)
        {
            case SchedulingCause.Resource:
                Resource(report, snapshot, pod, fits, detail);
                break;
            case SchedulingCause.Selector:
                Selector(report, pod, fits);
                break;
            case SchedulingCause.Taint:
                foreach (var fit in fits.Where(f => !f.ToleratesTaints).Take(4))
                {
                    report.Saw(Kinds.Ref(fit.Node), "spec.taints", string.Join(", ", fit.Node.Spec.Taints.Select(t => $"{t.Key}={t.Value}:{t.Effect}")));
                }

                break;
            case SchedulingCause.Cordoned:
                foreach (var fit in fits.Where(f => f.Node.Spec?.Unschedulable == true).Take(4))
                {
                    report.Saw(Kinds.Ref(fit.Node), "spec.unschedulable", "true");
                }

                break;
            case SchedulingCause.Volume:
                report.FollowsFrom(ClaimsOf(snapshot, pod));
                break;
            default:
                break;
        }

        return report.Done();
    }

    /// <summary>What the nodes themselves say, when the message was withheld or is gone.</summary>
    private static CountedCause? FromNodes(V1Pod pod, IReadOnlyList<NodeFit> fits)
    {
        var resource = new[] { "cpu", "memory", "ephemeral-storage" }
            .Select(r => (Name: r, Nodes: fits.Count(f => f.Open && (f.Free ?? f.Allocatable).TryGetValue(r, out var have) && Quantities.RequestOf(pod.Spec, r) > have)))
            .MaxBy(r => r.Nodes);
        var candidates = new[]
        {
            new CountedCause(resource.Nodes, SchedulingCause.Resource, resource.Name),
            new CountedCause(fits.Count(f => !f.MatchesSelector), SchedulingCause.Selector, ""),
            new CountedCause(fits.Count(f => f.MatchesSelector && !f.ToleratesTaints), SchedulingCause.Taint, ""),
            new CountedCause(fits.Count(f => f.MatchesSelector && f.Node.Spec?.Unschedulable == true), SchedulingCause.Cordoned, ""),
        };
        return candidates.Where(c => c.Nodes > 0).MaxBy(c => c.Nodes);
    }

    private static (string Rule, string Detail) Rule(CountedCause? cause, V1Pod pod, IReadOnlyList<NodeFit> fits) => cause?.Cause switch
    {
        SchedulingCause.Resource => (TooBig(pod, fits, cause.Detail) ? "UnschedulableTooBig" : "UnschedulableFull", cause.Detail),
        SchedulingCause.Selector => ("UnschedulableSelector", Labels.Print(pod.Spec?.NodeSelector)),
        SchedulingCause.Taint => ("UnschedulableTaint", cause.Detail),
        SchedulingCause.Cordoned => ("UnschedulableCordoned", ""),
        SchedulingCause.Volume => ("UnschedulableVolume", ""),
        SchedulingCause.Affinity => ("UnschedulableAffinity", ""),
        SchedulingCause.PodCount => ("UnschedulablePodCount", ""),
        _ => ("Unschedulable", ""),
    };

    /// <summary>True when even an empty node would be too small.</summary>
    private static bool TooBig(V1Pod pod, IReadOnlyList<NodeFit> fits, string resource)
    {
        var request = Quantities.RequestOf(pod.Spec, resource);
        return fits.Count > 0 && fits.All(f => !f.Allocatable.TryGetValue(resource, out var have) || request > have);
    }

    private static void Resource(Report report, ClusterSnapshot snapshot, V1Pod pod, IReadOnlyList<NodeFit> fits, string resource)
    {
        var request = Quantities.RequestOf(pod.Spec, resource);
        var largest = fits.Where(f => f.TakesPods).Select(f => f.Allocatable.GetValueOrDefault(resource)).DefaultIfEmpty(0).Max();
        report.With("request", Quantities.Print(resource, request)).With("largest", Quantities.Print(resource, largest));
        foreach (var c in pod.Spec?.Containers ?? [])
        {
            if (Quantities.Of(c.Resources?.Requests, resource) is { } one)
            {
                report.Saw(Kinds.Ref(pod), $"spec.containers[{c.Name}].resources.requests.{resource}", Quantities.Print(resource, one));
            }
        }

        foreach (var fit in fits.OrderByDescending(f => f.Allocatable.GetValueOrDefault(resource)).Take(4))
        {
            report.Saw(Kinds.Ref(fit.Node), $"status.allocatable.{resource}", Quantities.Print(resource, fit.Allocatable.GetValueOrDefault(resource)));
            if (fit.Free is { } free)
            {
                report.Saw(Kinds.Ref(fit.Node), $"free {resource}", Quantities.Print(resource, free.GetValueOrDefault(resource)));
            }
        }

        if (TooBig(pod, fits, resource))
        {
            report.Mend(Lower(snapshot, pod, fits, resource, request));
        }
    }

    /// <summary>
    /// The container that asks for most is lowered to what the emptiest suitable node has free, rounded down. Only for a request that no node
    /// could ever hold: one that merely waits for room is not wrong.
    /// </summary>
    private static SuggestedFix? Lower(ClusterSnapshot snapshot, V1Pod pod, IReadOnlyList<NodeFit> fits, string resource, decimal request)
    {
        var owner = snapshot.Index.OwnerOf(pod);
        var template = snapshot.Index.Workloads.FirstOrDefault(w => w.Ref == owner)?.Template?.Spec;
        var biggest = pod.Spec.Containers.MaxBy(c => Quantities.Of(c.Resources?.Requests, resource) ?? 0);
        var room = fits.Where(f => f.Open && f.Free is not null).MaxBy(f => f.Free!.GetValueOrDefault(resource));
        if (template is null || biggest is null || room is null)
        {
            return null;
        }

        var own = Quantities.Of(biggest.Resources?.Requests, resource) ?? 0;
        var now = Quantities.Of(template.FindContainer(biggest.Name)?.Container.Resources?.Requests, resource);
        var target = Quantities.RoundDown(resource, room.Free!.GetValueOrDefault(resource) - (request - own));
        if (now != own || target <= 0)
        {
            return null;
        }

        var after = Quantities.Print(resource, target);
        return Report.Fix(
            OperationNames.Patch,
            owner,
            "Fix.LowerRequest",
            [new LeafChange($"spec.template.spec.containers[{biggest.Name}].resources.requests[{resource}]", after)],
            ("container", biggest.Name),
            ("resource", resource),
            ("before", Quantities.Print(resource, own)),
            ("after", after),
            ("node", room.Node.Metadata.Name));
    }

    private static void Selector(Report report, V1Pod pod, IReadOnlyList<NodeFit> fits)
    {
        report.Saw(Kinds.Ref(pod), "spec.nodeSelector", Labels.Print(pod.Spec?.NodeSelector));
        foreach (var key in (pod.Spec?.NodeSelector?.Keys ?? []).Take(3))
        {
            var values = fits.Select(f => f.Node.Metadata.Labels is { } l && l.TryGetValue(key, out var v) ? v : "–").Distinct().Take(6);
            report.With("have", $"{key}: {string.Join(", ", values)}");
        }
    }

    private static IEnumerable<ObjectRef> ClaimsOf(ClusterSnapshot snapshot, V1Pod pod)
    {
        var names = (pod.Spec?.Volumes ?? []).Select(v => v.PersistentVolumeClaim?.ClaimName).OfType<string>().ToHashSet();
        return snapshot.Claims
            .Where(c => c.Metadata.NamespaceProperty == pod.Metadata.NamespaceProperty && names.Contains(c.Metadata.Name))
            .Select(c => Kinds.Ref("PersistentVolumeClaim", c));
    }
}
