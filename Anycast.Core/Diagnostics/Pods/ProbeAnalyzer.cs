using System.Text.RegularExpressions;
using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>
/// Containers that run but are not ready, and containers that their liveness probe restarts. What the probe answered stays in the cluster;
/// that it failed, how often and against which port is enough for most causes.
/// </summary>
public sealed partial class ProbeAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => !p.IsDeleting() && p.Status?.Phase == "Running"))
        {
            foreach (var status in pod.Status?.ContainerStatuses ?? [])
            {
                var container = pod.Spec.FindContainer(status.Name)?.Container;
                if (container is null)
                {
                    continue;
                }

                var unhealthy = snapshot.Index.EventsOf("Pod", pod).Where(e => e.Reason == "Unhealthy" && Concerns(e, status.Name)).ToList();
                var killed = snapshot.Index.EventsOf("Pod", pod)
                    .FirstOrDefault(e => e.Reason == "Killing" && Withheld.Visible(e.Message).Contains("liveness", StringComparison.OrdinalIgnoreCase) && Names(e, status.Name));
                if (status.RestartCount > 0 && container.LivenessProbe is { } liveness && (killed is not null || (unhealthy.Any(e => Says(e, "Liveness")) && ExitedBySignal(status))))
                {
                    yield return Describe(snapshot, pod, status, container, "LivenessKilling", "livenessProbe", liveness, killed ?? unhealthy[0]);
                }
                else if (status.State?.Running is not null && !status.Ready && container.ReadinessProbe is { } readiness && status.LastState?.Terminated is not { Reason: "OOMKilled" })
                {
                    // A fresh pod is not ready for a moment; a fault is what has failed, or has lasted.
                    var age = snapshot.TakenAt - (SnapshotExtensions.Instant(status.State.Running.StartedAt) ?? snapshot.TakenAt);
                    if (unhealthy.Count > 0 || age > TimeSpan.FromMinutes(2))
                    {
                        yield return Describe(snapshot, pod, status, container, "ReadinessFailing", "readinessProbe", readiness, unhealthy.FirstOrDefault());
                    }
                }
            }
        }
    }

    private static Finding Describe(ClusterSnapshot snapshot, V1Pod pod, V1ContainerStatus status, V1Container container, string rule, string field, V1Probe probe, Corev1Event? e)
    {
        var self = Kinds.Ref(pod);
        var (handler, port) = Handler(probe);
        var declared = container.Ports ?? [];
        var unknown = port.Length > 0 && declared.Count > 0 && !declared.Any(p => p.Name == port || p.ContainerPort.Text() == port);
        var report = new Report(snapshot, unknown ? field == "livenessProbe" ? "LivenessPortUnknown" : "ReadinessPortUnknown" : rule, FindingSeverity.Error, snapshot.Index.OwnerOf(pod), status.Name)
            .On("Pod", pod)
            .With("container", status.Name)
            .With("port", port)
            .With("path", probe.HttpGet?.Path)
            .With("handler", handler)
            .With("declared", string.Join(", ", declared.Select(p => p.Name is { Length: > 0 } n ? $"{p.ContainerPort} ({n})" : p.ContainerPort.Text())))
            .With("status", HttpStatus(e))
            .With("restarts", status.RestartCount.Text())
            .With("times", (e?.Times() ?? 0).Text())
            .Saw(self, $"status.containerStatuses[{status.Name}].ready", status.Ready ? "true" : "false")
            .Saw(self, $"spec.containers[{status.Name}].{field}.{handler}.port", port)
            .Saw(self, $"spec.containers[{status.Name}].ports", string.Join(", ", declared.Select(p => p.ContainerPort.Text())))
            .Saw(e)
            .Between(SnapshotExtensions.Instant(status.State?.Running?.StartedAt), snapshot.TakenAt);
        if (unknown)
        {
            report.Mend(Correct(snapshot, pod, container, field, handler, port));
        }

        return report.Done();
    }

    /// <summary>Only with one declared TCP port is there no choice to make.</summary>
    private static SuggestedFix? Correct(ClusterSnapshot snapshot, V1Pod pod, V1Container container, string field, string handler, string port)
    {
        var owner = snapshot.Index.OwnerOf(pod);
        var template = snapshot.Index.Workloads.FirstOrDefault(w => w.Ref == owner)?.Template?.Spec.FindContainer(container.Name)?.Container;
        var probe = field == "livenessProbe" ? template?.LivenessProbe : template?.ReadinessProbe;
        var ports = container.Ports.Where(p => p.Protocol is null or "" or "TCP").ToList();
        if (probe is null || Handler(probe).Port != port || ports is not [var only])
        {
            return null;
        }

        var after = only.ContainerPort.Text();
        return Report.Fix(
            OperationNames.Patch,
            owner,
            "Fix.ProbePort",
            [new LeafChange($"spec.template.spec.containers[{container.Name}].{field}.{handler}.port", after)],
            ("container", container.Name),
            ("probe", field),
            ("before", port),
            ("after", after));
    }

    private static (string Handler, string Port) Handler(V1Probe probe) =>
        probe.HttpGet is { } http ? ("httpGet", http.Port?.Value ?? "")
        : probe.TcpSocket is { } tcp ? ("tcpSocket", tcp.Port?.Value ?? "")
        : probe.Grpc is { } grpc ? ("grpc", grpc.Port.Text())
        : ("exec", "");

    private static bool Concerns(Corev1Event e, string container) =>
        e.InvolvedObject?.FieldPath is not { Length: > 0 } path || path.Contains($"{{{container}}}", StringComparison.Ordinal);

    private static bool Names(Corev1Event e, string container) =>
        Concerns(e, container) && Withheld.Visible(e.Message).Contains(container, StringComparison.Ordinal);

    private static bool Says(Corev1Event e, string word) => Withheld.Visible(e.Message).Contains(word, StringComparison.OrdinalIgnoreCase);

    private static bool ExitedBySignal(V1ContainerStatus status) => status.LastState?.Terminated is { Reason: not "OOMKilled", ExitCode: 137 or 143 };

    private static string HttpStatus(Corev1Event? e) =>
        StatusCode().Match(Withheld.Visible(e?.Message)) is { Success: true } m ? m.Groups[1].Value : "";

    [GeneratedRegex(@"status ?code:? ?(\d{3})", RegexOptions.IgnoreCase, 100)]
    private static partial Regex StatusCode();
}
