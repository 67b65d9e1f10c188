using Anycast.Core.Common;
using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Network;

/// <summary>Ingresses that no controller serves, or that send traffic to a Service or port that is not there.</summary>
public sealed class IngressAnalyzer : IAnalyzer
{
    /// <summary>Classes that cloud controllers serve without an IngressClass object.</summary>
    private static readonly HashSet<string> BuiltInClasses = ["gce", "gce-internal"];

    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        var taken = new Dictionary<(string Host, string Path), ObjectRef>();
        foreach (var ingress in snapshot.Ingresses.Where(i => i.Metadata.DeletionTimestamp is null).OrderBy(i => i.Metadata.CreationTimestamp))
        {
            var self = Kinds.Ref("Ingress", ingress);
            if (snapshot.IsComplete("IngressClass") && Class(snapshot, ingress, self) is { } noClass)
            {
                yield return noClass;
            }

            foreach (var (path, host, backend) in Backends(ingress))
            {
                if (snapshot.IsComplete("Service") && Backend(snapshot, ingress, self, path, host, backend) is { } broken)
                {
                    yield return broken;
                }
            }

            foreach (var rule in ingress.Spec?.Rules ?? [])
            {
                foreach (var p in rule.Http?.Paths ?? [])
                {
                    var place = ($"{ingress.Spec!.IngressClassName}/{rule.Host}", p.Path ?? "/");
                    if (!taken.TryAdd(place, self) && taken[place] != self)
                    {
                        yield return new Report(snapshot, "IngressDuplicate", FindingSeverity.Warning, self, rule.Host + p.Path)
                            .With("host", rule.Host)
                            .With("path", p.Path)
                            .With("other", taken[place].ToString())
                            .Saw(self, $"spec.rules[{rule.Host}].http.paths[{p.Path}]", p.Path)
                            .Saw(taken[place], $"spec.rules[{rule.Host}].http.paths[{p.Path}]", p.Path)
                            .Done();
                    }
                }
            }
        }
    }

    private static Finding? Class(ClusterSnapshot snapshot, V1Ingress ingress, ObjectRef self)
    {
        var name = ingress.Spec?.IngressClassName is { Length: > 0 } spec
            ? spec
            : ingress.Metadata.Annotations is { } a && a.TryGetValue("kubernetes.io/ingress.class", out var annotation) ? annotation : "";
        if (name.Length == 0)
        {
            var hasDefault = snapshot.IngressClasses.Any(c =>
                c.Metadata.Annotations is { } m && m.TryGetValue("ingressclass.kubernetes.io/is-default-class", out var d) && d == "true");
            return hasDefault
                ? null
                : new Report(snapshot, "IngressNoClass", FindingSeverity.Error, self)
                    .With("classes", Names(snapshot))
                    .Saw(self, "spec.ingressClassName", "–")
                    .Done();
        }

        if (Withheld.Is(name) || BuiltInClasses.Contains(name) || snapshot.IngressClasses.Any(c => c.Metadata.Name == name))
        {
            return null;
        }

        var near = Spelling.Nearest(name, snapshot.IngressClasses.Select(c => c.Metadata.Name));
        var report = new Report(snapshot, "IngressClassMissing", FindingSeverity.Error, self)
            .With("class", name)
            .With("classes", Names(snapshot))
            .Saw(self, "spec.ingressClassName", name);
        if (near is not null && ingress.Spec?.IngressClassName == name)
        {
            report.Mend(Report.Fix(
                OperationNames.Patch, self, "Fix.IngressClass", [new LeafChange("spec.ingressClassName", near)], ("before", name), ("after", near)));
        }

        return report.Done();
    }

    private static string Names(ClusterSnapshot snapshot) =>
        snapshot.IngressClasses.Count == 0 ? "–" : string.Join(", ", snapshot.IngressClasses.Select(c => c.Metadata.Name).Take(8));

    /// <summary>Every backend with the path of its <c>service</c> field; rules and paths have no name, so they go by their position.</summary>
    private static IEnumerable<(string Path, string Host, V1IngressServiceBackend Backend)> Backends(V1Ingress ingress)
    {
        if (ingress.Spec?.DefaultBackend?.Service is { } fallback)
        {
            yield return ("spec.defaultBackend.service", "*", fallback);
        }

        foreach (var (r, rule) in (ingress.Spec?.Rules ?? []).Index())
        {
            foreach (var (p, path) in (rule.Http?.Paths ?? []).Index())
            {
                if (path.Backend?.Service is { } service)
                {
                    yield return ($"spec.rules[{r.Text()}].http.paths[{p.Text()}].backend.service", rule.Host + path.Path, service);
                }
            }
        }
    }

    private static Finding? Backend(ClusterSnapshot snapshot, V1Ingress ingress, ObjectRef self, string path, string place, V1IngressServiceBackend backend)
    {
        var ns = ingress.Metadata.NamespaceProperty;
        var services = snapshot.Services.Where(s => s.Metadata.NamespaceProperty == ns).ToList();
        var service = services.FirstOrDefault(s => s.Metadata.Name == backend.Name);
        if (service is null)
        {
            var near = Spelling.Nearest(backend.Name, services.Where(s => Serves(s, backend.Port)).Select(s => s.Metadata.Name));
            var report = new Report(snapshot, "IngressBackendMissing", FindingSeverity.Error, self, place)
                .With("service", backend.Name)
                .With("place", place)
                .With("near", near ?? "")
                .With("services", string.Join(", ", services.Select(s => s.Metadata.Name).Take(10)))
                .Saw(self, $"{path}.name", backend.Name);
            if (near is not null && path.StartsWith("spec.rules", StringComparison.Ordinal))
            {
                report.Saw(Kinds.Ref(services.First(s => s.Metadata.Name == near)), "metadata.name", near);
                report.Mend(Report.Fix(
                    OperationNames.Patch, self, "Fix.IngressBackend", [new LeafChange($"{path}.name", near)], ("before", backend.Name), ("after", near), ("place", place)));
            }

            return report.Done();
        }

        if (backend.Port is null || Serves(service, backend.Port))
        {
            return null;
        }

        var wanted = Wanted(backend.Port);
        var ports = (service.Spec?.Ports ?? []).ToList();
        var wrong = new Report(snapshot, "IngressPortMissing", FindingSeverity.Error, self, place)
            .With("service", backend.Name)
            .With("place", place)
            .With("port", wanted)
            .With("ports", string.Join(", ", ports.Select(p => p.Name is { Length: > 0 } n ? $"{p.Port} ({n})" : p.Port.Text())))
            .Saw(self, $"{path}.port", wanted)
            .Saw(Kinds.Ref(service), "spec.ports", string.Join(", ", ports.Select(p => p.Port.Text())));
        if (ports is [var only] && backend.Port.Number is not null && path.StartsWith("spec.rules", StringComparison.Ordinal))
        {
            wrong.Mend(Report.Fix(
                OperationNames.Patch, self, "Fix.IngressPort", [new LeafChange($"{path}.port.number", only.Port.Text())], ("before", wanted), ("after", only.Port.Text()), ("service", backend.Name)));
        }

        return wrong.Done();
    }

    private static bool Serves(V1Service service, V1ServiceBackendPort? port) =>
        port is null || (service.Spec?.Ports ?? []).Any(p => p.Port == port.Number || (port.Name is { Length: > 0 } && p.Name == port.Name));

    private static string Wanted(V1ServiceBackendPort port) => port.Number is { } n ? n.Text() : port.Name ?? "";
}
