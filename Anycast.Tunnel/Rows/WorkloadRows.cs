using System.Text.Json;

namespace Anycast.Tunnel.Rows;

/// <summary>The rows of Deployment, ReplicaSet, StatefulSet and DaemonSet.</summary>
internal static class WorkloadRows
{
    /// <summary>How long a workload may lack replicas before it counts against its health.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(90);

    public static WorkloadRow Build(string kind, JsonElement root, DateTimeOffset now)
    {
        var meta = RowMeta.Of(root);
        var status = root.At("status");
        var daemon = kind == "DaemonSet";
        var desired = daemon ? status.At("desiredNumberScheduled").Int() : root.At("spec", "replicas").Int(absent: 1);
        var ready = status.At(daemon ? "numberReady" : "readyReplicas").Int();
        var updated = status.At(kind switch { "DaemonSet" => "updatedNumberScheduled", "ReplicaSet" => "replicas", _ => "updatedReplicas" }).Int();
        var available = status.At(daemon ? "numberAvailable" : "availableReplicas").Int();
        if (kind == "StatefulSet" && !status.At("availableReplicas").Exists())
        {
            available = ready;
        }

        var (word, health) = Judge(kind, root, desired, ready, updated, available, meta, now);
        return new WorkloadRow
        {
            Kind = kind,
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            OwnerKind = meta.OwnerKind,
            OwnerName = meta.OwnerName,
            Status = word,
            Health = health,
            Desired = desired,
            Ready = ready,
            Updated = updated,
            Available = available,
            Image = root.At("spec").At("template", "spec", "containers").Items().Select(c => c.At("image").Text()).FirstOrDefault() ?? "",
        };
    }

    private static (string Word, Health Health) Judge(string kind, JsonElement root, int desired, int ready, int updated, int available, RowMeta meta, DateTimeOffset now)
    {
        if (meta.Deleting)
        {
            return ("Terminating", Health.Progressing);
        }

        if (root.Condition("ReplicaFailure").Is("True"))
        {
            return (root.Condition("ReplicaFailure").At("reason").Text() is { Length: > 0 } reason ? reason : "ReplicaFailure", Health.Failing);
        }

        var progressing = root.Condition("Progressing");
        if (progressing.Is("False"))
        {
            return ("ProgressDeadlineExceeded", Health.Failing);
        }

        if (root.At("spec", "paused").True())
        {
            return ("Paused", Health.Warning);
        }

        if (desired == 0)
        {
            // An old ReplicaSet, and a DaemonSet that no node asks for, are as wanted; a Deployment at zero is switched off.
            return ("ScaledToZero", kind is "ReplicaSet" or "DaemonSet" ? Health.Healthy : Health.Warning);
        }

        var lags = root.At("status", "observedGeneration").Long() < root.At("metadata", "generation").Long();
        if (!lags && available >= desired && ready >= desired && updated >= desired)
        {
            return ("Available", Health.Healthy);
        }

        // Since when replicas lack: the condition says it for a Deployment, else the object's own age must do.
        var condition = root.Condition("Available");
        var since = condition.Is("False") ? condition.At("lastTransitionTime").Ticks() : condition.Exists() ? 0 : meta.Created;
        var late = since > 0 && now.UtcTicks - since > Grace.Ticks;
        if (late && available == 0)
        {
            return ("Unavailable", Health.Failing);
        }

        if (late && available < desired)
        {
            return ("Degraded", Health.Warning);
        }

        var rolling = lags || updated < desired || progressing.At("reason").Text() is "ReplicaSetUpdated" or "NewReplicaSetCreated" or "FoundNewReplicaSet";
        return rolling || !progressing.Exists() ? ("Progressing", Health.Progressing) : available == 0 ? ("Unavailable", Health.Failing) : ("Degraded", Health.Warning);
    }
}
