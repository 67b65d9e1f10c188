using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Serving;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Jobs: pods until enough have succeeded or too many have failed (pkg/controller/job).</summary>
internal sealed class JobController(ControllerContext context) : IController
{
    private const string Component = "job-controller";

    public void Observe(Change change)
    {
        if (change.Object.Kind == BuiltIn.Job)
        {
            context.Queue.Add(this, change.Object.Key);
        }
        else if (change.Object.Kind == BuiltIn.Pod && Parts.OwnerKey(change.Object, BuiltIn.Job) is { } owner)
        {
            context.Queue.Add(this, owner, Parts.Together);
        }
    }

    public void Reconcile(ObjectKey key)
    {
        if (context.Store.Find(BuiltIn.Job, key) is not { Deleting: false } job)
        {
            return;
        }

        if (Parts.IsTrue(job.Json, "Complete") || Parts.IsTrue(job.Json, "Failed"))
        {
            Expire(job);
            return;
        }

        var pods = context.Store.ControlledBy(job.Uid, BuiltIn.Pod);
        var succeeded = pods.Count(p => p.Pod!.Phase == "Succeeded");
        var failed = pods.Count(p => p.Pod!.Phase == "Failed");
        var active = pods.Where(p => !p.Pod!.Finished && !p.Deleting).ToList();
        var restarts = active.Sum(p => p.Json.Items("status", "containerStatuses").Sum(c => c.Int("restartCount")));
        var wanted = (int)(job.Json.Number("spec", "completions") ?? 1);
        var limit = (int)(job.Json.Number("spec", "backoffLimit") ?? 6);
        string? ended = null;
        if (succeeded >= wanted)
        {
            ended = "Complete";
        }
        else if (failed > limit || (restarts > limit && job.Json.Str("spec", "template", "spec", "restartPolicy") == "OnFailure"))
        {
            ended = "Failed";
        }

        var suspended = job.Json.Bool("spec", "suspend");
        if (ended is "Failed" || suspended)
        {
            Stop(job, active);
        }
        else if (ended is null)
        {
            Start(job, pods, active.Count, Math.Min((int)(job.Json.Number("spec", "parallelism") ?? 1), wanted - succeeded), failed);
        }

        var running = context.Store.ControlledBy(job.Uid, BuiltIn.Pod).Where(p => !p.Pod!.Finished && !p.Deleting).ToList();
        context.Store.Mutate(BuiltIn.Job, key, j => Count(j, running, succeeded, failed, suspended, ended), Parts.Status);
        Announce(job, ended);
    }

    private void Start(StoredObject job, IReadOnlyList<StoredObject> pods, int active, int wanted, int failed)
    {
        if (active >= wanted)
        {
            return;
        }

        // After each failure the next try comes later: 10 s, doubled up to six minutes.
        var lastFailure = pods.Where(p => p.Pod!.Phase == "Failed").Select(Finished).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        if (failed > 0)
        {
            var delay = TimeSpan.FromSeconds(Math.Min(360, 10 * Math.Pow(2, Math.Min(failed - 1, 10))));
            var due = lastFailure + context.Time.Scaled(delay);
            if (due > context.Now)
            {
                context.Queue.Add(this, job.Key, due - context.Now);
                return;
            }
        }

        for (var i = active; i < wanted; i++)
        {
            var pod = Parts.PodFromTemplate(job.Json.Obj("spec", "template"), job, job.Name + "-");
            try
            {
                var made = context.Writer.Create(BuiltIn.Pod, job.Namespace, pod, Parts.Main);
                context.Events.Normal(job, "SuccessfulCreate", $"Created pod: {made.Name}", Component);
            }
            catch (ApiException refusal)
            {
                context.Events.Warning(job, "FailedCreate", $"Error creating: {refusal.Message}", Component);
                context.Queue.Add(this, job.Key, TimeSpan.FromSeconds(30));
                return;
            }
        }
    }

    private void Stop(StoredObject job, List<StoredObject> active)
    {
        foreach (var pod in active)
        {
            context.Writer.Delete(BuiltIn.Pod, pod.Key, new DeleteOptions());
            context.Events.Normal(job, "SuccessfulDelete", $"Deleted pod: {pod.Name}", Component);
        }
    }

    private bool Count(JsonObject j, List<StoredObject> running, int succeeded, int failed, bool suspended, string? ended)
    {
        var status = j.Ensure("status");
        if (!suspended)
        {
            status.Default("startTime", Json.Stamp(context.Now));
        }

        Set("active", running.Count);
        Set("succeeded", succeeded);
        Set("failed", failed);
        status["ready"] = running.Count(p => p.Pod!.Ready);
        status["terminating"] = 0;
        status["uncountedTerminatedPods"] = new JsonObject();
        if (suspended || Parts.Condition(j, "Suspended") is not null)
        {
            Parts.SetCondition(status, "Suspended", suspended ? "True" : "False", suspended ? "JobSuspended" : "JobResumed", suspended ? "Job suspended" : "Job resumed", context.Now, "lastProbeTime");
        }

        if (ended == "Complete")
        {
            status["completionTime"] = Json.Stamp(context.Now);
            foreach (var type in new[] { "SuccessCriteriaMet", "Complete" })
            {
                Parts.SetCondition(status, type, "True", "CompletionsReached", "Reached expected number of succeeded pods", context.Now, "lastProbeTime");
            }
        }
        else if (ended == "Failed")
        {
            foreach (var type in new[] { "FailureTarget", "Failed" })
            {
                Parts.SetCondition(status, type, "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", context.Now, "lastProbeTime");
            }
        }

        return true;

        void Set(string name, int value)
        {
            if (value == 0)
            {
                status.Remove(name);
            }
            else
            {
                status[name] = value;
            }
        }
    }

    private void Announce(StoredObject job, string? ended)
    {
        if (ended == "Complete")
        {
            context.Events.Normal(job, "Completed", "Job completed", Component);
        }
        else if (ended == "Failed")
        {
            context.Events.Warning(job, "BackoffLimitExceeded", "Job has reached the specified backoff limit", Component);
        }
    }

    private void Expire(StoredObject job)
    {
        if (job.Json.Number("spec", "ttlSecondsAfterFinished") is not { } seconds)
        {
            return;
        }

        var finished = job.Json.Items("status", "conditions").Select(c => c.Time("lastTransitionTime")).Max() ?? context.Now;
        var left = finished + TimeSpan.FromSeconds(seconds) - context.Now;
        if (left > TimeSpan.Zero)
        {
            context.Queue.Add(this, job.Key, left);
        }
        else
        {
            context.Writer.Delete(BuiltIn.Job, job.Key, new DeleteOptions());
        }
    }

    private static DateTimeOffset Finished(StoredObject pod) =>
        pod.Json.Items("status", "containerStatuses").Select(c => c.Time("state", "terminated", "finishedAt")).Max() ?? pod.Created;
}
