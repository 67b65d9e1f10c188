using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Admission;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>CronJobs: a Job at each time of the schedule, unless suspended; keeps only so many finished ones (pkg/controller/cronjob).</summary>
internal sealed class CronJobController(ControllerContext context) : IController
{
    private const string Component = "cronjob-controller";

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.CronJob)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.Job && Parts.OwnerKey(change.Object, BuiltIn.CronJob) is { } owner)
        {
            context.Queue.Add(this, owner, Parts.Together);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.CronJob, key) is not { Deleting: false } cron)
        {
            return;
        }

        var jobs = context.Store.ControlledBy(cron.Uid, BuiltIn.Job).OrderBy(j => j.Created).ToList();
        var lastSuccess = Report(cron, jobs);
        Trim(cron, jobs);
        DateTimeOffset? started = null;
        if (!cron.Json.Bool("spec", "suspend") && CronSchedule.TryParse(cron.Json.Str("spec", "schedule")) is { } schedule)
        {
            started = Run(cron, jobs, schedule);
            if (schedule.Next(context.Now) is { } next)
            {
                context.Queue.Add(this, key, next - context.Now + TimeSpan.FromMilliseconds(5));
            }
        }

        context.Store.Mutate(BuiltIn.CronJob, key, c => Count(c, started, lastSuccess), Parts.Status);
    }

    private DateTimeOffset? Run(StoredObject cron, List<StoredObject> jobs, CronSchedule schedule)
    {
        var since = cron.Json.Time("status", "lastScheduleTime") ?? cron.Created;

        // The latest time that has come since; missed ones before it are not made up for.
        var horizon = since > context.Now.AddDays(-1) ? since : context.Now.AddDays(-1);
        DateTimeOffset? due = null;
        for (var at = schedule.Next(horizon); at is { } time && time <= context.Now; at = schedule.Next(time))
        {
            due = time;
        }

        if (due is not { } scheduled)
        {
            return null;
        }

        var active = jobs.Where(j => !IsFinished(j)).ToList();
        switch (cron.Json.Str("spec", "concurrencyPolicy"))
        {
            case "Forbid" when active.Count > 0:
                context.Events.Normal(cron, "JobAlreadyActive", $"Not starting job because prior execution is running and concurrency policy is Forbid", Component);
                return null;
            case "Replace":
                foreach (var job in active)
                {
                    context.Writer.Delete(BuiltIn.Job, job.Key, new DeleteOptions());
                }

                break;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{cron.Name}-{scheduled.ToUnixTimeSeconds() / 60}");
        if (context.Store.Find(BuiltIn.Job, cron.Namespace, name) is null)
        {
            context.Writer.Create(BuiltIn.Job, cron.Namespace, NewJob(cron, name, scheduled), Parts.Main);
            context.Events.Normal(cron, "SuccessfulCreate", $"Created job {name}", Component);
        }

        return scheduled;
    }

    private static JsonObject NewJob(StoredObject cron, string name, DateTimeOffset scheduled)
    {
        var template = cron.Json.Obj("spec", "jobTemplate");
        var metadata = new JsonObject
        {
            ["name"] = name,
            ["annotations"] = new JsonObject { ["batch.kubernetes.io/cronjob-scheduled-timestamp"] = Json.Stamp(scheduled) },
            ["ownerReferences"] = new JsonArray(Parts.OwnerReference(cron)),
        };
        if (template.At("metadata", "labels") is { } labels)
        {
            metadata["labels"] = labels.DeepClone();
        }

        return new JsonObject { ["metadata"] = metadata, ["spec"] = template.Obj("spec").Clone() };
    }

    /// <summary>Says which jobs have finished since; the result is the latest success.</summary>
    private DateTimeOffset? Report(StoredObject cron, List<StoredObject> jobs)
    {
        var active = cron.Json.Items("status", "active").Select(a => a.Str("name")).ToHashSet(StringComparer.Ordinal);
        foreach (var job in jobs.Where(j => active.Contains(j.Name) && IsFinished(j)))
        {
            var condition = Parts.IsTrue(job.Json, "Complete") ? "Complete" : "Failed";
            context.Events.Normal(cron, "SawCompletedJob", $"Saw completed job: {job.Name}, condition: {condition}", Component);
        }

        return jobs.Select(j => j.Json.Time("status", "completionTime")).Max();
    }

    private void Trim(StoredObject cron, List<StoredObject> jobs)
    {
        foreach (var (condition, limit) in new[] { ("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit") })
        {
            var finished = jobs.Where(j => Parts.IsTrue(j.Json, condition)).ToList();
            foreach (var job in finished.Take(Math.Max(0, finished.Count - cron.Json.Int("spec", limit))))
            {
                context.Writer.Delete(BuiltIn.Job, job.Key, new DeleteOptions());
                jobs.Remove(job);
            }
        }
    }

    private bool Count(JsonObject c, DateTimeOffset? started, DateTimeOffset? lastSuccess)
    {
        var status = c.Ensure("status");
        var active = context.Store.ControlledBy(c.Str("metadata", "uid"), BuiltIn.Job).Where(j => !IsFinished(j)).Select(j => (JsonNode)new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["name"] = j.Name,
            ["namespace"] = j.Namespace,
            ["uid"] = j.Uid,
        }).ToList();
        if (active.Count > 0)
        {
            status["active"] = Json.ToArray(active);
        }
        else
        {
            status.Remove("active");
        }

        if (started is { } scheduled)
        {
            status["lastScheduleTime"] = Json.Stamp(scheduled);
        }

        if (lastSuccess is { } success)
        {
            status["lastSuccessfulTime"] = Json.Stamp(success);
        }

        return true;
    }

    private static bool IsFinished(StoredObject job) => Parts.IsTrue(job.Json, "Complete") || Parts.IsTrue(job.Json, "Failed");
}
