using k8s.Models;

namespace Anycast.Core.Diagnostics.Pods;

/// <summary>Containers that keep ending, told apart by how they end. Kills for memory are <see cref="OutOfMemoryAnalyzer"/>'s.</summary>
public sealed class CrashLoopAnalyzer : IAnalyzer
{
    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var pod in snapshot.Pods.Where(p => !p.IsDeleting()))
        {
            // Pods of a Job may fail and be tried again: JobAnalyzer judges them by the Job's condition.
            if (SnapshotIndex.Controller(pod)?.Kind == "Job" && pod.Spec?.RestartPolicy == "Never")
            {
                continue;
            }

            foreach (var (list, status) in pod.AllStatuses())
            {
                if (Ending(status) is { } found && Classify(found.End) is { } rule && !(rule is "CrashKilled" or "CrashTerminated" && KilledByProbe(snapshot, pod)))
                {
                    yield return Describe(snapshot, pod, list, status, found.Path, found.End, rule);
                }
            }
        }
    }

    /// <summary>The kubelet ended it because its liveness probe failed: <see cref="ProbeAnalyzer"/> says so.</summary>
    private static bool KilledByProbe(ClusterSnapshot snapshot, V1Pod pod) => snapshot.Index.EventsOf("Pod", pod)
        .Any(e => e.Reason is "Killing" or "Unhealthy" && Withheld.Visible(e.Message).Contains("liveness", StringComparison.OrdinalIgnoreCase));

    private static (string Path, V1ContainerStateTerminated End)? Ending(V1ContainerStatus status)
    {
        if (status.State?.Waiting?.Reason is "CrashLoopBackOff" or "RunContainerError" && status.LastState?.Terminated is { } last)
        {
            return ("lastState.terminated", last);
        }

        // Between two tries the container is terminated or runs for a moment; it counts once it has been restarted.
        if (status.State?.Terminated is { ExitCode: not 0 } now && status.RestartCount > 0)
        {
            return ("state.terminated", now);
        }

        return status is { RestartCount: >= 3, Ready: false, State.Running: not null } && status.LastState?.Terminated is { ExitCode: not 0 } before
            ? ("lastState.terminated", before)
            : null;
    }

    /// <summary>
    /// Exit codes by convention of the shell and of container runtimes: 126 not executable, 127 not found, 128+n ended by signal n
    /// (134 abort, 137 kill, 139 segmentation fault, 143 terminate). Null for memory kills.
    /// </summary>
    internal static string? Classify(V1ContainerStateTerminated end) => (end.Reason, end.ExitCode) switch
    {
        ("OOMKilled", _) => null,
        ("StartError" or "ContainerCannotRun", _) => "CrashStartError",
        (_, 0) => "CrashCompletes",
        (_, 126) => "CrashNotExecutable",
        (_, 127 or 128) => "CrashCommandNotFound",
        (_, 137) => "CrashKilled",
        (_, 139 or 134) => "CrashFault",
        (_, 143) => "CrashTerminated",
        _ => "CrashApplication",
    };

    private static Finding Describe(ClusterSnapshot snapshot, V1Pod pod, string list, V1ContainerStatus status, string path, V1ContainerStateTerminated end, string rule)
    {
        var self = Kinds.Ref(pod);
        var spec = pod.Spec.FindContainer(status.Name);
        var image = spec?.Container.Image ?? status.Image ?? "";
        var at = $"status.{list}[{status.Name}]";
        var ran = SnapshotExtensions.Instant(end.FinishedAt) - SnapshotExtensions.Instant(end.StartedAt);
        var backOff = snapshot.Index.EventsOf("Pod", pod).FirstOrDefault(e => e.Reason == "BackOff");
        var report = new Report(snapshot, rule, FindingSeverity.Error, snapshot.Index.OwnerOf(pod), status.Name)
            .On("Pod", pod)
            .With("container", status.Name)
            .With("image", image)
            .With("exitCode", end.ExitCode.Text())
            .With("restarts", status.RestartCount.Text())
            .With("ran", ran is { } span ? $"{Math.Max(0, (int)span.TotalSeconds).Text()} s" : "?")
            .Saw(self, $"{at}.state.waiting.reason", status.State?.Waiting?.Reason)
            .Saw(self, $"{at}.{path}.exitCode", end.ExitCode.Text())
            .Saw(self, $"{at}.{path}.reason", end.Reason)
            .Saw(self, $"{at}.restartCount", status.RestartCount.Text())
            .Saw(backOff)
            .Between(SnapshotExtensions.Instant(end.FinishedAt), SnapshotExtensions.Instant(end.FinishedAt));
        if (rule is not "CrashCompletes" and not "CrashTerminated" && spec is { } s && BrokeWithThisRevision(snapshot, pod))
        {
            report.Mend(Images.Back(snapshot, pod, s.List, status.Name, image));
        }

        return report.Done();
    }

    /// <summary>
    /// An earlier image is worth going back to only when this pod belongs to the newest revision and none of that revision's pods has come up:
    /// a version that has run well is not to blame for crashing today.
    /// </summary>
    private static bool BrokeWithThisRevision(ClusterSnapshot snapshot, V1Pod pod) =>
        snapshot.Index.DeploymentOf(pod) is { } deployment
        && snapshot.Index.ReplicaSetOf(pod) is { } set
        && snapshot.Index.RevisionsOf(deployment) is [var newest, ..]
        && newest.Metadata.Uid == set.Metadata.Uid
        && (set.Status?.ReadyReplicas ?? 0) == 0;
}
