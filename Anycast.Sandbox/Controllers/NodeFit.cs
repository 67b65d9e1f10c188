using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>What is requested on a node. CPU in millicores, memory in bytes.</summary>
internal readonly record struct NodeUsage(long CpuMillis, long MemoryBytes, int Pods)
{
    public static Dictionary<string, NodeUsage> Of(ObjectStore store)
    {
        var usage = new Dictionary<string, NodeUsage>(StringComparer.Ordinal);
        foreach (var pod in store.List(BuiltIn.Pod))
        {
            if (pod.Pod is { NodeName.Length: > 0, Finished: false } facts)
            {
                var sum = usage.GetValueOrDefault(facts.NodeName);
                usage[facts.NodeName] = new NodeUsage(sum.CpuMillis + facts.CpuMillis, sum.MemoryBytes + facts.MemoryBytes, sum.Pods + 1);
            }
        }

        return usage;
    }
}

/// <summary>The filters and the score by which a node is chosen.</summary>
internal static class NodeFit
{
    /// <summary>Why a pod does not fit on a node, in the scheduler's words; null when it fits.</summary>
    public static string[]? Check(StoredObject pod, StoredObject node, NodeUsage used)
    {
        var spec = pod.Json.Obj("spec");
        if (node.Json.Bool("spec", "unschedulable") && !Tolerates(spec, "node.kubernetes.io/unschedulable", "", "NoSchedule"))
        {
            return ["node(s) were unschedulable"];
        }

        foreach (var taint in node.Json.Items("spec", "taints").Where(t => t.Str("effect") is "NoSchedule" or "NoExecute"))
        {
            if (!Tolerates(spec, taint.Str("key"), taint.Str("value"), taint.Str("effect")))
            {
                return taint.Str("key") == "node.kubernetes.io/unschedulable"
                    ? ["node(s) were unschedulable"]
                    : [$"node(s) had untolerated taint {{{taint.Str("key")}: {taint.Str("value")}}}"];
            }
        }

        if (!Selects(spec, node))
        {
            return ["node(s) didn't match Pod's node affinity/selector"];
        }

        var allocatable = node.Json.Obj("status", "allocatable");
        var reasons = new List<string>();
        if (used.Pods + 1 > Quantity.Units(allocatable.Str("pods")))
        {
            reasons.Add("Too many pods");
        }

        if (pod.Pod!.CpuMillis > 0 && used.CpuMillis + pod.Pod.CpuMillis > Quantity.Millis(allocatable.Str("cpu")))
        {
            reasons.Add("Insufficient cpu");
        }

        if (pod.Pod.MemoryBytes > 0 && used.MemoryBytes + pod.Pod.MemoryBytes > Quantity.Units(allocatable.Str("memory")))
        {
            reasons.Add("Insufficient memory");
        }

        foreach (var name in spec.Items("containers").SelectMany(c => c.Obj("resources", "requests")).Select(r => r.Key).Where(k => k is not ("cpu" or "memory")).Distinct())
        {
            if (!allocatable.ContainsKey(name))
            {
                reasons.Add($"Insufficient {name}");
            }
        }

        return reasons.Count == 0 ? null : [.. reasons];
    }

    /// <summary>Higher for emptier nodes.</summary>
    public static double Score(StoredObject node, NodeUsage used)
    {
        var allocatable = node.Json.Obj("status", "allocatable");
        var cpu = 1.0 - ((double)used.CpuMillis / Math.Max(1, Quantity.Millis(allocatable.Str("cpu"))));
        var memory = 1.0 - ((double)used.MemoryBytes / Math.Max(1, Quantity.Units(allocatable.Str("memory"))));
        return cpu + memory - (used.Pods * 0.001);
    }

    private static bool Tolerates(JsonObject spec, string key, string value, string effect) => spec.Items("tolerations").Any(t =>
        (t.Str("effect").Length == 0 || t.Str("effect") == effect)
        && (t.Str("operator") == "Exists"
            ? t.Str("key").Length == 0 || t.Str("key") == key
            : t.Str("key") == key && t.Str("value") == value));

    private static bool Selects(JsonObject spec, StoredObject node)
    {
        if (spec.Map("nodeSelector").Any(s => node.Labels.GetValueOrDefault(s.Key) != s.Value))
        {
            return false;
        }

        var terms = spec.Items("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").ToList();
        return terms.Count == 0 || terms.Any(term =>
            LabelSelector.Of(new JsonObject { ["matchExpressions"] = term.At("matchExpressions")?.DeepClone() }).Matches(node.Labels)
            && term.Items("matchFields").All(f => f.Str("key") != "metadata.name" || f.Strings("values").Contains(node.Name)));
    }
}
