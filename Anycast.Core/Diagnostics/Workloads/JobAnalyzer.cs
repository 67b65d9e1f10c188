using Anycast.Tunnel.Operations;
using k8s.Models;

namespace Anycast.Core.Diagnostics.Workloads;

/// <summary>Jobs that gave up or were switched off, and CronJobs that do not run or keep failing.</summary>
public sealed class JobAnalyzer : IAnalyzer
{
    private const int FailuresInARow = 3;

    /// <inheritdoc/>
    public IEnumerable<Finding> Analyze(ClusterSnapshot snapshot)
    {
        foreach (var job in snapshot.Jobs.Where(j => j.Metadata.DeletionTimestamp is null))
        {
            if (OfJob(snapshot, job) is { } finding)
            {
                yield return finding;
            }
        }

        foreach (var cron in snapshot.CronJobs.Where(c => c.Metadata.DeletionTimestamp is null))
        {
            if (cron.Spec?.Suspend == true)
            {
                yield return Suspended(snapshot, cron);
            }

            if (FailingRuns(snapshot, cron) is { } failing)
            {
                yield return failing;
            }
        }
    }

    private static Finding? OfJob(ClusterSnapshot snapshot, V1Job job)
    {
        var self = Kinds.Ref("Job", job);
        if (job.Status?.Conditions?.FirstOrDefault(c => c.Type == "Failed" && c.Status == "True") is { } failed)
        {
            var rule = failed.Reason switch
            {
                "BackoffLimitExceeded" => "JobBackoffLimit",
                "DeadlineExceeded" => "JobDeadline",
                _ => "JobFailed",
            };
            var pod = snapshot.Index.PodsIn(self.Namespace).Where(p => SnapshotIndex.Controller(p)?.Uid == self.Uid).MaxBy(p => p.Metadata.CreationTimestamp);
            var end = pod?.AllStatuses().Select(s => s.Status.State?.Terminated ?? s.Status.LastState?.Terminated).FirstOrDefault(t => t is { ExitCode: not 0 });
            return new Report(snapshot, rule, FindingSeverity.Error, snapshot.Index.OwnerOf("Job", job))
                .On("Job", job)
                .With("job", job.Metadata.Name)
                .With("failed", (job.Status.Failed ?? 0).Text())
                .With("limit", (job.Spec?.BackoffLimit ?? 6).Text())
                .With("deadline", job.Spec?.ActiveDeadlineSeconds?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "–")
                .With("reason", failed.Reason)
                .With("exitCode", end?.ExitCode.Text() ?? "?")
                .Saw(self, "status.conditions[Failed].reason", failed.Reason)
                .Saw(self, "status.failed", (job.Status.Failed ?? 0).Text())
                .Saw(pod is null ? self : Kinds.Ref(pod), "status.containerStatuses[].state.terminated.exitCode", end?.ExitCode.Text())
                .Between(SnapshotExtensions.Instant(failed.LastTransitionTime), SnapshotExtensions.Instant(failed.LastTransitionTime))
                .Done();
        }

        // A Job that a CronJob owns is switched off with it; one of its own may have been made suspended on purpose.
        return job.Spec?.Suspend == true && job.Status?.CompletionTime is null
            ? new Report(snapshot, "JobSuspended", FindingSeverity.Info, self)
                .Saw(self, "spec.suspend", "true")
                .Mend(Report.Fix(OperationNames.Suspend, self, "Fix.Unsuspend", [new LeafChange("spec.suspend", "false")]))
                .Done()
            : null;
    }

    private static Finding Suspended(ClusterSnapshot snapshot, V1CronJob cron)
    {
        var self = Kinds.Ref("CronJob", cron);
        var last = SnapshotExtensions.Instant(cron.Status?.LastScheduleTime);
        return new Report(snapshot, "CronJobSuspended", FindingSeverity.Warning, self)
            .With("schedule", cron.Spec.Schedule)
            .With("last", last is { } at ? $"{at:u}" : "–")
            .Saw(self, "spec.suspend", "true")
            .Saw(self, "spec.schedule", cron.Spec.Schedule)
            .Saw(self, "status.lastScheduleTime", last is { } l ? $"{l:u}" : null)
            .Between(last, snapshot.TakenAt)
            .Mend(Report.Fix(OperationNames.Suspend, self, "Fix.Unsuspend", [new LeafChange("spec.suspend", "false")]))
            .Done();
    }

    private static Finding? FailingRuns(ClusterSnapshot snapshot, V1CronJob cron)
    {
        var self = Kinds.Ref("CronJob", cron);
        var runs = snapshot.Jobs
            .Where(j => SnapshotIndex.Controller(j)?.Uid == self.Uid)
            .OrderByDescending(j => j.Metadata.CreationTimestamp)
            .TakeWhile(j => j.Status?.Conditions?.Any(c => c.Type == "Failed" && c.Status == "True") == true)
            .Count();
        return runs < FailuresInARow
            ? null
            : new Report(snapshot, "CronJobFailing", FindingSeverity.Error, self)
                .With("runs", runs.Text())
                .With("schedule", cron.Spec?.Schedule)
                .Saw(self, "status.lastSuccessfulTime", SnapshotExtensions.Instant(cron.Status?.LastSuccessfulTime) is { } at ? $"{at:u}" : "–")
                .Done();
    }
}
