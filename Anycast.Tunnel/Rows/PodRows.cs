using System.Globalization;
using System.Text.Json;

namespace Anycast.Tunnel.Rows;

/// <summary>The row of a pod. Its status word follows kubectl (kubernetes/pkg/printers/internalversion/printers.go, printPod).</summary>
internal static class PodRows
{
    /// <summary>How long a running pod may be not ready before it counts against its health.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    public static PodRow Build(JsonElement root, DateTimeOffset now)
    {
        var meta = RowMeta.Of(root);
        var containers = root.At("spec", "containers");
        var (status, ready, restarts) = Status(root, meta.Deleting);
        return new PodRow
        {
            Kind = "Pod",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            OwnerKind = meta.OwnerKind,
            OwnerName = meta.OwnerName,
            Status = status,
            Health = Judge(root, status, ready, containers.Count(), meta, now),
            ReadyContainers = ready,
            Containers = containers.Count(),
            Restarts = restarts,
            Node = root.At("spec", "nodeName").Text(),
            PodIp = root.At("status", "podIP").Text(),
            Image = containers.Items().Select(c => c.At("image").Text()).FirstOrDefault() ?? "",
        };
    }

    private static (string Status, int Ready, int Restarts) Status(JsonElement root, bool deleting)
    {
        var phase = root.At("status", "phase").Text();
        var reason = root.At("status", "reason").Text();
        var word = reason.Length > 0 ? reason : phase;
        var restarts = 0;
        var initWord = InitStatus(root, ref restarts);
        var ready = 0;
        if (initWord is not null && !root.Condition("Initialized").Is("True"))
        {
            word = initWord;
        }
        else
        {
            restarts = 0;
            var running = false;
            foreach (var status in root.At("status", "containerStatuses").Items().Reverse())
            {
                restarts += status.At("restartCount").Int();
                var state = status.At("state");
                var waiting = state.At("waiting", "reason").Text();
                var terminated = state.At("terminated");
                if (waiting.Length > 0)
                {
                    word = waiting;
                }
                else if (terminated.Exists())
                {
                    word = Terminated(terminated);
                }
                else if (status.At("ready").True() && state.At("running").Exists())
                {
                    running = true;
                    ready++;
                }
            }

            if (word == "Completed" && running)
            {
                word = root.Condition("Ready").Is("True") ? "Running" : "NotReady";
            }
        }

        if (deleting)
        {
            word = reason == "NodeLost" ? "Unknown" : "Terminating";
        }

        return (word, ready, restarts);
    }

    private static string? InitStatus(JsonElement root, ref int restarts)
    {
        var sidecars = root.At("spec", "initContainers").Items().Where(c => c.At("restartPolicy").Text() == "Always").Select(c => c.At("name").Text()).ToHashSet(StringComparer.Ordinal);
        var index = 0;
        foreach (var status in root.At("status", "initContainerStatuses").Items())
        {
            restarts += status.At("restartCount").Int();
            var state = status.At("state");
            var terminated = state.At("terminated");
            if (terminated.Exists() && terminated.At("exitCode").Int() == 0)
            {
                index++;
                continue;
            }

            if (sidecars.Contains(status.At("name").Text()) && status.At("started").True())
            {
                index++;
                continue;
            }

            var waiting = state.At("waiting", "reason").Text();
            return terminated.Exists() ? "Init:" + Terminated(terminated)
                : waiting.Length > 0 && waiting != "PodInitializing" ? "Init:" + waiting
                : string.Create(CultureInfo.InvariantCulture, $"Init:{index}/{root.At("spec", "initContainers").Count()}");
        }

        return null;
    }

    private static string Terminated(JsonElement terminated)
    {
        var reason = terminated.At("reason").Text();
        var signal = terminated.At("signal").Int();
        return reason.Length > 0 ? reason
            : signal != 0 ? string.Create(CultureInfo.InvariantCulture, $"Signal:{signal}")
            : string.Create(CultureInfo.InvariantCulture, $"ExitCode:{terminated.At("exitCode").Int()}");
    }

    private static Health Judge(JsonElement root, string status, int ready, int containers, RowMeta meta, DateTimeOffset now)
    {
        var phase = root.At("status", "phase").Text();
        if (status is "Terminating")
        {
            return Health.Progressing;
        }

        if (phase == "Succeeded" || status is "Completed" or "Succeeded")
        {
            return Health.Healthy;
        }

        if (phase == "Failed" || IsFailure(status))
        {
            return Health.Failing;
        }

        if (phase == "Running" && ready == containers)
        {
            return Health.Healthy;
        }

        var condition = phase == "Pending" ? root.Condition("PodScheduled") : root.Condition("Ready");
        if (phase == "Pending" && condition.Is("False") && condition.At("reason").Text() == "Unschedulable")
        {
            return Health.Failing;
        }

        var since = condition.At("lastTransitionTime").Ticks() is var changed and > 0 ? changed : meta.Created;
        var late = since > 0 && now.UtcTicks - since > Grace.Ticks;
        return phase switch
        {
            "Running" when late => ready == 0 ? Health.Failing : Health.Warning,
            "Running" or "Pending" => late && phase == "Pending" ? Health.Warning : Health.Progressing,
            _ => Health.Unknown,
        };
    }

    private static bool IsFailure(string status)
    {
        var word = status.StartsWith("Init:", StringComparison.Ordinal) ? status[5..] : status;
        return word is "CrashLoopBackOff" or "Error" or "OOMKilled" or "Evicted" or "ContainerCannotRun" or "DeadlineExceeded" or "StartError" or "ContainerStatusUnknown"
                or "NodeLost" or "UnexpectedAdmissionError" or "PreCreateHookError" or "PostStartHookError" or "RunContainerError" or "RegistryUnavailable"
            || word.StartsWith("ErrImage", StringComparison.Ordinal) || word.StartsWith("Image", StringComparison.Ordinal) || word.StartsWith("InvalidImage", StringComparison.Ordinal)
            || word.StartsWith("CreateContainer", StringComparison.Ordinal) || word.StartsWith("ExitCode:", StringComparison.Ordinal) || word.StartsWith("Signal:", StringComparison.Ordinal);
    }
}
