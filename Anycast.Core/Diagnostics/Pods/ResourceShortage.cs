using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>The resources of which a pod requests more than any node gives it: all of them, since mending one alone would leave it pending.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Short">Every resource that keeps the pod off a node, by name.</param>
/// <param name="TooBig">Of these, what even an empty node would be too small for.</param>
/// <param name="Fits">The nodes.</param>
internal sealed record ResourceShortage(V1Pod Pod, IReadOnlyList<string> Short, IReadOnlyList<string> TooBig, IReadOnlyList<NodeFit> Fits)
{
    private const int NodesShown = 4;

    public static ResourceShortage Of(V1Pod pod, IReadOnlyList<CountedCause> causes, IReadOnlyList<NodeFit> fits)
    {
        var named = causes.Where(c => c.Cause == SchedulingCause.Resource).Select(c => c.Detail).ToHashSet(StringComparer.Ordinal);
        bool IsTooBig(string resource) =>
            Quantities.RequestOf(pod.Spec, resource) is > 0 and var request && fits.Count > 0 && fits.All(f => !f.Allocatable.TryGetValue(resource, out var have) || request > have);

        // The scheduler's sentence may be withheld or name one cause a node: what the nodes themselves say counts too.
        string[] all = [.. named.Union(NodeFit.Resources.Where(IsTooBig)).Order(StringComparer.Ordinal)];
        return new ResourceShortage(pod, all, [.. all.Where(IsTooBig)], fits);
    }

    public void Describe(Report report, ClusterSnapshot snapshot)
    {
        var shown = TooBig.Count > 0 ? TooBig : Short;
        report.With("request", Print(shown, r => Quantities.RequestOf(Pod.Spec, r)))
            .With("largest", Print(shown, r => Fits.Where(f => f.TakesPods).Select(f => f.Allocatable.GetValueOrDefault(r)).DefaultIfEmpty(0).Max()));
        foreach (var resource in shown)
        {
            foreach (var c in Pod.Spec?.Containers ?? [])
            {
                if (Quantities.Of(c.Resources?.Requests, resource) is { } one)
                {
                    report.Saw(Kinds.Ref(Pod), $"spec.containers[{c.Name}].resources.requests.{resource}", Quantities.Print(resource, one));
                }
            }
        }

        // First what the largest nodes have of each, then the rest: the first lines of evidence are those that people see.
        foreach (var resource in shown)
        {
            var largest = Fits.Where(f => f.TakesPods).MaxBy(f => f.Allocatable.GetValueOrDefault(resource));
            report.Saw(largest is null ? Kinds.Ref(Pod) : Kinds.Ref(largest.Node), $"status.allocatable.{resource}", largest is null ? null : Quantities.Print(resource, largest.Allocatable.GetValueOrDefault(resource)));
        }

        foreach (var (resource, fit) in shown.SelectMany(r => Fits.Where(f => f.TakesPods).OrderByDescending(f => f.Free?.GetValueOrDefault(r)).Take(Math.Max(1, NodesShown / shown.Count)).Select(f => (r, f))))
        {
            report.Saw(Kinds.Ref(fit.Node), $"free {resource}", fit.Free is { } free ? Quantities.Print(resource, free.GetValueOrDefault(resource)) : null);
        }

        if (TooBig.Count > 0)
        {
            report.Mend(LowerRequests.Suggest(snapshot, this));
        }
    }

    private static string Print(IReadOnlyList<string> resources, Func<string, decimal> amount) =>
        string.Join(" + ", resources.Select(r => $"{Quantities.Print(r, amount(r))} {r}"));
}
