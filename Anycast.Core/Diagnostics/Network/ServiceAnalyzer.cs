using Anycast.Core.Common;
using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Network;

/// <summary>Services that lead nowhere: the selector matches nothing, nothing that it matches is ready, or the port is not there.</summary>
public sealed class ServiceAnalyzer : IAnalyzer
{
    /// <summary>A load balancer normally gets its address within a minute or two.</summary>
    private static readonly TimeSpan LoadBalancerPatience = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var service in snapshot.Services.Where(s => s.Metadata.DeletionTimestamp is null))
        {
            if (LoadBalancerPending(snapshot, service) is { } pending)
            {
                yield return pending;
            }

            // Without a selector somebody else keeps the endpoints; ExternalName has none.
            if (service.Spec is not { Selector.Count: > 0, Type: not "ExternalName" } || !snapshot.IsComplete("Pod"))
            {
                continue;
            }

            var ns = service.Metadata.NamespaceProperty ?? "";
            var pods = snapshot.Index.PodsMatching(ns, service.Spec.Selector).Where(p => !p.IsFinished()).ToList();
            if (pods.Count == 0)
            {
                if (SelectsNothing(snapshot, service, ns) is { } nothing)
                {
                    yield return nothing;
                }
            }
            else if (!HasReadyEndpoint(snapshot, service, pods))
            {
                yield return NoneReady(snapshot, service, pods);
            }
            else if (WrongPort(snapshot, service, pods) is { } port)
            {
                yield return port;
            }
        }
    }

    private static Finding? SelectsNothing(ClusterSnapshot snapshot, V1Service service, string ns)
    {
        if (!snapshot.AreComplete("Deployment", "StatefulSet", "DaemonSet"))
        {
            return null;
        }

        var self = Kinds.Ref(service);
        var selector = service.Spec.Selector;
        var workloads = snapshot.Index.Workloads.Where(w => w.Ref.Namespace == ns).ToList();
        if (workloads.FirstOrDefault(w => Labels.Match(selector, w.Labels)) is { } maker)
        {
            return maker.Desired == 0
                ? new Report(snapshot, "ServiceScaledToZero", FindingSeverity.Warning, self)
                    .With("workload", maker.Ref.ToString())
                    .Saw(self, "spec.selector", Labels.Print(selector))
                    .Saw(maker.Ref, "spec.replicas", "0")
                    .Done()
                : new Report(snapshot, "ServiceNoneReady", FindingSeverity.Error, self)
                    .With("workload", maker.Ref.ToString())
                    .With("pods", "0")
                    .Saw(self, "spec.selector", Labels.Print(selector))
                    .FollowsFrom([maker.Ref])
                    .Done();
        }

        var near = Nearest(service, workloads);
        var differing = near is null ? [] : selector.Where(p => !near.Labels.TryGetValue(p.Key, out var v) || v != p.Value).Select(p => p.Key).ToList();
        var report = new Report(snapshot, near is null ? "ServiceSelectsNothing" : "ServiceSelectorDiffers", FindingSeverity.Error, self)
            .With("selector", Labels.Print(selector))
            .With("workload", near?.Ref.ToString())
            .With("differs", near is null ? "" : string.Join(", ", differing.Select(k => $"{k}: {selector[k]} ≠ {near.Labels.GetValueOr(k, "–")}")))
            .Saw(self, "spec.selector", Labels.Print(selector))
            .Between(null, snapshot.TakenAt);
        if (near is not null)
        {
            report.Saw(near.Ref, "spec.template.metadata.labels", Labels.Print(near.Labels));
            if (differing.All(k => near.Labels.TryGetValue(k, out var v) && !Withheld.Is(v)))
            {
                report.Mend(Report.Fix(
                    OperationNames.Patch,
                    self,
                    "Fix.ServiceSelector",
                    differing.Select(k => new LeafChange($"spec.selector[{k}]", near.Labels[k])),
                    ("workload", near.Ref.ToString()),
                    ("after", string.Join(", ", differing.Select(k => $"{k}={near.Labels[k]}")))));
            }
        }

        return report.Done();
    }

    /// <summary>
    /// The workload that is meant: the one with most matching pairs, else the one named like the Service or like a value of its selector.
    /// Null when two are equally near.
    /// </summary>
    private static WorkloadTemplate? Nearest(V1Service service, List<WorkloadTemplate> workloads)
    {
        var selector = service.Spec.Selector;
        var ranked = workloads
            .Select(w => (Workload: w, Overlap: Labels.Overlap(selector, w.Labels), Named: w.Ref.Name == service.Metadata.Name ? 1 : 0))
            .Where(w => w.Overlap > 0 || w.Named > 0)
            .OrderByDescending(w => w.Overlap)
            .ThenByDescending(w => w.Named)
            .Take(2)
            .ToList();
        if (ranked is [var first, ..] && (ranked.Count == 1 || (first.Overlap, first.Named).CompareTo((ranked[1].Overlap, ranked[1].Named)) > 0))
        {
            return first.Workload;
        }

        if (ranked.Count > 0)
        {
            return null;
        }

        // No pair matches and no name: a mistyped value is still near a value that exists under the same key.
        foreach (var (key, wanted) in selector)
        {
            var values = workloads.Where(w => w.Labels.ContainsKey(key)).ToList();
            if (Spelling.Nearest(wanted, values.Select(w => w.Labels[key])) is { } name && values.Where(w => w.Labels[key] == name).ToList() is [var only])
            {
                return only;
            }
        }

        return null;
    }

    private static bool HasReadyEndpoint(ClusterSnapshot snapshot, V1Service service, List<V1Pod> pods)
    {
        var slices = snapshot.EndpointSlices
            .Where(s => s.Metadata.NamespaceProperty == service.Metadata.NamespaceProperty
                && s.Metadata.Labels is { } l && l.TryGetValue("kubernetes.io/service-name", out var name) && name == service.Metadata.Name)
            .ToList();

        // A nil condition means ready (discovery.k8s.io/v1). Slices can be unread; then the pods speak for them.
        return slices.Count > 0
            ? slices.Any(s => (s.Endpoints ?? []).Any(e => e.Conditions?.Ready != false))
            : pods.Any(p => p.IsReady());
    }

    private static Finding NoneReady(ClusterSnapshot snapshot, V1Service service, List<V1Pod> pods)
    {
        var self = Kinds.Ref(service);
        var owners = pods.Select(snapshot.Index.OwnerOf).Distinct().ToList();
        var report = new Report(snapshot, "ServiceNoneReady", FindingSeverity.Error, self)
            .With("pods", pods.Count.Text())
            .With("workload", string.Join(", ", owners.Take(3)))
            .Saw(self, "spec.selector", Labels.Print(service.Spec.Selector))
            .FollowsFrom(owners);
        foreach (var pod in pods.Take(4))
        {
            report.Saw(Kinds.Ref(pod), "status.conditions[Ready].status", pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready")?.Status);
        }

        return report.Done();
    }

    private static Finding? WrongPort(ClusterSnapshot snapshot, V1Service service, List<V1Pod> pods)
    {
        var self = Kinds.Ref(service);
        var ready = pods.Where(p => p.IsReady()).ToList();
        var declared = ready.SelectMany(p => p.Spec.Containers.SelectMany(c => c.Ports ?? [])).ToList();
        foreach (var port in service.Spec.Ports ?? [])
        {
            var wanted = port.TargetPort?.Value ?? port.Port.Text();
            if (declared.Count == 0 || declared.Any(d => d.Name == wanted || d.ContainerPort.Text() == wanted))
            {
                continue;
            }

            // A container may listen on a port it does not declare, so a number is suspicious; a name that nobody has is broken for certain.
            var named = !int.TryParse(wanted, out _);
            var numbers = declared.Where(d => d.Protocol is null or "" or "TCP").Select(d => d.ContainerPort).Distinct().ToList();
            var report = new Report(snapshot, "ServicePortUnknown", named ? FindingSeverity.Error : FindingSeverity.Warning, self, port.Port.Text())
                .With("port", port.Port.Text())
                .With("target", wanted)
                .With("declared", string.Join(", ", declared.Select(d => d.Name is { Length: > 0 } n ? $"{d.ContainerPort} ({n})" : d.ContainerPort.Text()).Distinct().Take(8)))
                .With("workload", snapshot.Index.OwnerOf(ready[0]).ToString())
                .Saw(self, $"spec.ports[{port.Port}].targetPort", wanted)
                .Saw(Kinds.Ref(ready[0]), "spec.containers[].ports", string.Join(", ", numbers));
            if (numbers is [var only])
            {
                report.Mend(Report.Fix(
                    OperationNames.Patch,
                    self,
                    "Fix.ServicePort",
                    [new LeafChange($"spec.ports[{port.Port.Text()}].targetPort", only.Text())],
                    ("before", wanted),
                    ("after", only.Text()),
                    ("workload", snapshot.Index.OwnerOf(ready[0]).ToString())));
            }

            return report.Done();
        }

        return null;
    }

    private static Finding? LoadBalancerPending(ClusterSnapshot snapshot, V1Service service)
    {
        if (service.Spec?.Type != "LoadBalancer"
            || service.Status?.LoadBalancer?.Ingress is { Count: > 0 }
            || SnapshotExtensions.Instant(service.Metadata.CreationTimestamp) is not { } created
            || snapshot.TakenAt - created < LoadBalancerPatience)
        {
            return null;
        }

        return new Report(snapshot, "LoadBalancerPending", FindingSeverity.Warning, Kinds.Ref(service))
            .Saw(Kinds.Ref(service), "spec.type", "LoadBalancer")
            .Saw(snapshot.Index.EventsOf("Service", service).FirstOrDefault(e => e.Reason == "SyncLoadBalancerFailed"))
            .Between(created, snapshot.TakenAt)
            .Done();
    }
}
