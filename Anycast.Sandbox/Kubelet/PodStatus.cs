using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Controllers;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>Writes a pod's status from what its kubelet remembers.</summary>
internal static class PodStatus
{
    public static bool Write(JsonObject pod, PodRun run, DateTimeOffset now)
    {
        var status = pod.Ensure("status");
        var node = pod.Str("spec", "nodeName");
        var specs = pod.Items("spec", "containers").ToList();
        var inits = pod.Items("spec", "initContainers").ToList();
        var phase = Phase(run, specs, pod.Str("spec", "restartPolicy"));
        status["phase"] = phase;
        status["hostIP"] = NodeAddress(node);
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = NodeAddress(node) });
        status.Default("startTime", Json.Stamp(run.StartTime));
        if (run.Ip.Length > 0)
        {
            status["podIP"] = run.Ip;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = run.Ip });
        }

        Conditions(status, run, specs, phase, now);
        if (inits.Count > 0)
        {
            status["initContainerStatuses"] = Json.ToArray(inits.Select(c => Container(c, run.Find(c.Str("name")), "PodInitializing", isInit: true)));
        }

        var waiting = inits.Count > 0 && !run.Initialized ? "PodInitializing" : "ContainerCreating";
        status["containerStatuses"] = Json.ToArray(specs.Select(c => Container(c, run.Find(c.Str("name")), waiting, isInit: false)));
        return true;
    }

    public static string NodeAddress(string node) => $"10.0.{(Math.Abs(StableHash(node)) % 200) + 10}.{(Math.Abs(StableHash(node) / 256) % 200) + 10}";

    /// <summary>64 hexadecimal digits that stand for a text, as container and image ids have them.</summary>
    public static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Repository(string image) =>
        image.IndexOf(':', image.LastIndexOf('/') + 1) is var colon and > 0 ? image[..colon] : image.Split('@')[0];

    private static int StableHash(string text) => text.Aggregate(17, (hash, c) => unchecked((hash * 31) + c) & 0x7fffffff);

    private static string Phase(PodRun run, List<JsonObject> specs, string policy)
    {
        if (run.All.Any(c => c.Final is { Code: not 0 }) && policy == "Never" && run.All.All(c => c.State == RunState.Done))
        {
            return "Failed";
        }

        var mine = specs.Select(c => run.Find(c.Str("name"))).ToList();
        if (mine.All(c => c?.State == RunState.Done))
        {
            return mine.All(c => c!.Final!.Code == 0) ? "Succeeded" : "Failed";
        }

        return mine.All(c => c is not null && (c.State is RunState.Running or RunState.CrashBackOff or RunState.Done || c.Last is not null)) ? "Running" : "Pending";
    }

    private static void Conditions(JsonObject status, PodRun run, List<JsonObject> specs, string phase, DateTimeOffset now)
    {
        var unready = specs.Select(c => c.Str("name")).Where(n => run.Find(n) is not { Ready: true }).ToList();
        var done = phase == "Succeeded";
        Set("PodReadyToStartContainers", run.Ip.Length > 0 && !done, "", "");
        Set("Initialized", run.Initialized, run.Initialized ? done ? "PodCompleted" : "" : "ContainersNotInitialized", run.Initialized ? "" : "containers with incomplete status: []");
        foreach (var type in new[] { "Ready", "ContainersReady" })
        {
            var ready = unready.Count == 0 && phase == "Running";
            Set(type, ready, ready ? "" : done ? "PodCompleted" : phase == "Failed" ? "PodFailed" : "ContainersNotReady", ready || done || phase == "Failed" ? "" : $"containers with unready status: [{string.Join(" ", unready)}]");
        }

        void Set(string type, bool value, string reason, string message)
        {
            Parts.SetCondition(status, type, value ? "True" : "False", reason, message, now);
            status.Items("conditions").First(c => c.Str("type") == type).Default("lastProbeTime", null);
        }
    }

    private static JsonObject Container(JsonObject spec, ContainerRun? run, string waiting, bool isInit)
    {
        var image = spec.Str("image");
        var ran = run is { ContainerId.Length: > 0 };
        var result = new JsonObject
        {
            ["name"] = spec.Str("name"),
            ["state"] = run is null ? Waiting(waiting, "") : State(run, waiting),
            ["lastState"] = run?.Last is { } last ? new JsonObject { ["terminated"] = Terminated(last) } : new JsonObject(),
            ["ready"] = isInit ? run?.Final is { Code: 0 } : run is { Ready: true, State: RunState.Running },
            ["restartCount"] = run?.Restarts ?? 0,
            ["image"] = image,
            ["imageID"] = ran ? $"{Repository(image)}@sha256:{Hex(image)}" : "",
            ["started"] = run is { State: RunState.Running, Started: true },
        };
        if (ran)
        {
            result.Insert(0, "containerID", run!.ContainerId);
        }

        return result;
    }

    private static JsonObject State(ContainerRun run, string waiting) => run.State switch
    {
        RunState.Running => new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Json.Stamp(run.StartedAt) } },
        RunState.Done => new JsonObject { ["terminated"] = Terminated(run.Final!) },
        RunState.CrashBackOff => Waiting("CrashLoopBackOff", run.Message),
        RunState.PullFailed => Waiting("ErrImagePull", run.Message),
        RunState.PullBackOff => BackOff(run),
        RunState.Pulling or RunState.New when run.ImageFailures > 0 && run.PullDelay > TimeSpan.Zero => BackOff(run),
        RunState.New when run.Last is { } last => new JsonObject { ["terminated"] = Terminated(last) },
        RunState.BadName => Waiting("InvalidImageName", run.Message),
        RunState.ConfigError => Waiting("CreateContainerConfigError", run.Message),
        _ => Waiting(waiting, ""),
    };

    private static JsonObject BackOff(ContainerRun run) => Waiting("ImagePullBackOff", $"Back-off pulling image \"{run.Image}\": ErrImagePull: {run.Message}");

    private static JsonObject Waiting(string reason, string message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message.Length > 0)
        {
            waiting["message"] = message;
        }

        return new JsonObject { ["waiting"] = waiting };
    }

    private static JsonObject Terminated(Ended ended)
    {
        var result = new JsonObject
        {
            ["exitCode"] = ended.Code,
            ["reason"] = ended.Reason,
            ["startedAt"] = Json.Stamp(ended.StartedAt),
            ["finishedAt"] = Json.Stamp(ended.FinishedAt),
            ["containerID"] = ended.ContainerId,
        };
        if (ended.Message.Length > 0)
        {
            result["message"] = ended.Message;
        }

        return result;
    }
}
