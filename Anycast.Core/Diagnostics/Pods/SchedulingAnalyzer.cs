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
        var resources = main?.Cause == SchedulingCause.Resource ? ResourceShortage.Of(pod, causes.Count > 0 ? causes : [main], fits) : null;
        var (rule, detail) = Rule(main, pod, resources);
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
                resources!.Describe(report, snapshot);
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

    private static (string Rule, string Detail) Rule(CountedCause? cause, V1Pod pod, ResourceShortage? resources) => cause?.Cause switch
    {
        // What no node could ever hold is named whole and does not change with the load; of what is merely full, the scarcest stands for it.
        SchedulingCause.Resource => resources!.TooBig.Count > 0 ? ("UnschedulableTooBig", string.Join(", ", resources.TooBig)) : ("UnschedulableFull", cause.Detail),
        SchedulingCause.Selector => ("UnschedulableSelector", Labels.Print(pod.Spec?.NodeSelector)),
        SchedulingCause.Taint => ("UnschedulableTaint", cause.Detail),
        SchedulingCause.Cordoned => ("UnschedulableCordoned", ""),
        SchedulingCause.Volume => ("UnschedulableVolume", ""),
        SchedulingCause.Affinity => ("UnschedulableAffinity", ""),
        SchedulingCause.PodCount => ("UnschedulablePodCount", ""),
        _ => ("Unschedulable", ""),
    };

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
