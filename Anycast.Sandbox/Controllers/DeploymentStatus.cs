using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>Counts and conditions of a Deployment (progress.go, sync.go).</summary>
internal static class DeploymentStatus
{
    public static void Update(ControllerContext context, IController controller, StoredObject deployment, StoredObject? current, List<StoredObject> sets)
    {
        TimeSpan? again = null;
        context.Store.Mutate(
            BuiltIn.Deployment,
            deployment.Key,
            d =>
            {
                again = Write(d, current, sets, context.Now);
                return true;
            },
            Parts.Status);
        if (again is { } delay)
        {
            context.Queue.Add(controller, deployment.Key, delay);
        }
    }

    private static TimeSpan? Write(JsonObject d, StoredObject? current, List<StoredObject> sets, DateTimeOffset now)
    {
        int Sum(string name) => sets.Sum(s => s.Json.Int("status", name));
        var desired = d.Int("spec", "replicas");
        var (total, ready, available) = (Sum("replicas"), Sum("readyReplicas"), Sum("availableReplicas"));
        var updated = current?.Json.Int("status", "replicas") ?? 0;
        var status = d.Ensure("status");
        var progressed = updated > status.Int("updatedReplicas") || ready > status.Int("readyReplicas") || available > status.Int("availableReplicas")
            || total - updated < status.Int("replicas") - status.Int("updatedReplicas");

        status["observedGeneration"] = d.Number("metadata", "generation");
        Count(status, "replicas", total);
        Count(status, "updatedReplicas", updated);
        Count(status, "readyReplicas", ready);
        Count(status, "availableReplicas", available);
        Count(status, "unavailableReplicas", Math.Max(0, Math.Max(desired, total) - available));

        var enough = available >= desired - Rollout.MaxUnavailable(d);
        Parts.SetCondition(
            status, "Available", enough, enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", now);
        return current is null ? null : Progress(d, status, current, progressed, updated == desired && total == desired && available >= desired, now);
    }

    private static TimeSpan? Progress(JsonObject d, JsonObject status, StoredObject current, bool progressed, bool complete, DateTimeOffset now)
    {
        var present = Parts.Condition(d, "Progressing");
        var name = current.Name;
        if (complete)
        {
            Parts.SetCondition(status, "Progressing", true, "NewReplicaSetAvailable", $"ReplicaSet \"{name}\" has successfully progressed.", now);
            return null;
        }

        var ofThisSet = present.Str("message").Contains($"\"{name}\"", StringComparison.Ordinal);
        if (present is null || !ofThisSet)
        {
            Parts.SetCondition(status, "Progressing", true, "ReplicaSetUpdated", $"ReplicaSet \"{name}\" is progressing.", now);
            Touch(status, now);
        }
        else if (present.Str("reason") == "NewReplicaSetAvailable")
        {
            // Once complete, later loss of pods is no failed rollout.
            return null;
        }
        else if (progressed)
        {
            Parts.SetCondition(status, "Progressing", true, "ReplicaSetUpdated", $"ReplicaSet \"{name}\" is progressing.", now);
            Touch(status, now);
        }

        var deadline = TimeSpan.FromSeconds(d.Number("spec", "progressDeadlineSeconds") ?? 600);
        var since = status.Items("conditions").First(c => c.Str("type") == "Progressing").Time("lastUpdateTime") ?? now;
        if (now - since < deadline)
        {
            return deadline - (now - since) + TimeSpan.FromSeconds(1);
        }

        Parts.SetCondition(status, "Progressing", false, "ProgressDeadlineExceeded", $"ReplicaSet \"{name}\" has timed out progressing.", now);
        return null;
    }

    private static void Touch(JsonObject status, DateTimeOffset now) =>
        status.Items("conditions").First(c => c.Str("type") == "Progressing")["lastUpdateTime"] = Json.Stamp(now);

    /// <summary>Zero is left out, as the API does.</summary>
    private static void Count(JsonObject status, string name, int value)
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
