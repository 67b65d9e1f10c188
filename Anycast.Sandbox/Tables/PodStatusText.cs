using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Tables;

/// <summary>The one word kubectl shows for a pod (printPod in pkg/printers/internalversion).</summary>
internal static class PodStatusText
{
    public static string Of(JsonObject pod)
    {
        var reason = pod.Str("status", "reason") is { Length: > 0 } own ? own : pod.Str("status", "phase");
        var initializing = false;
        var inits = pod.Items("status", "initContainerStatuses").ToList();
        for (var i = 0; i < inits.Count; i++)
        {
            var terminated = inits[i].At("state", "terminated");
            if (terminated is not null && terminated.Int("exitCode") == 0)
            {
                continue;
            }

            var waiting = inits[i].Str("state", "waiting", "reason");
            reason = terminated is not null
                ? "Init:" + (terminated.Str("reason") is { Length: > 0 } why ? why : $"ExitCode:{terminated.Int("exitCode")}")
                : waiting is { Length: > 0 } and not "PodInitializing" ? "Init:" + waiting
                : $"Init:{i}/{pod.Items("spec", "initContainers").Count()}";
            initializing = true;
            break;
        }

        if (!initializing)
        {
            reason = OfContainers(pod, reason);
        }

        return pod.At("metadata", "deletionTimestamp") is not null ? "Terminating" : reason;
    }

    private static string OfContainers(JsonObject pod, string reason)
    {
        var hasRunning = false;
        foreach (var status in pod.Items("status", "containerStatuses").Reverse())
        {
            var waiting = status.Str("state", "waiting", "reason");
            var terminated = status.At("state", "terminated");
            if (waiting.Length > 0)
            {
                reason = waiting;
            }
            else if (terminated is not null)
            {
                reason = terminated.Str("reason") is { Length: > 0 } why ? why
                    : terminated.Int("signal") != 0 ? $"Signal:{terminated.Int("signal")}" : $"ExitCode:{terminated.Int("exitCode")}";
            }
            else if (status.Bool("ready") && status.At("state", "running") is not null)
            {
                hasRunning = true;
            }
        }

        if (reason == "Completed" && hasRunning)
        {
            var ready = pod.Items("status", "conditions").Any(c => c.Str("type") == "Ready" && c.Str("status") == "True");
            return ready ? "Running" : "NotReady";
        }

        return reason;
    }
}
