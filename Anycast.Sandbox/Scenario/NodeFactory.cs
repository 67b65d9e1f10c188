using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kubelet;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Scenario;

/// <summary>Makes the machines: one control plane, five workers (one short of memory), and more workers where generated pods need room.</summary>
internal static class NodeFactory
{
    private const int PodsPerGeneratedNode = 220;

    public static IEnumerable<JsonObject> All(int generatedPods, DateTimeOffset now, CanaryMint canaries)
    {
        yield return Node("control-plane-1", "zone-a", 4, 16, 110, now, canaries, controlPlane: true);
        for (var i = 1; i <= 5; i++)
        {
            yield return Node($"worker-{i}", $"zone-{"abc"[i % 3]}", 8, 32, 110, now, canaries, pressure: i == 3);
        }

        foreach (var name in Generated(generatedPods))
        {
            yield return Node(name, $"zone-{"abc"[name[^1] % 3]}", 64, 256, 250, now, canaries);
        }
    }

    /// <summary>The names of the nodes that hold generated pods.</summary>
    public static IReadOnlyList<string> Generated(int pods) =>
        [.. Enumerable.Range(1, (pods + PodsPerGeneratedNode - 1) / PodsPerGeneratedNode).Select(i => string.Create(CultureInfo.InvariantCulture, $"pool-{i:000}"))];

    private static JsonObject Node(string name, string zone, int cpu, int gigabytes, int pods, DateTimeOffset now, CanaryMint canaries, bool controlPlane = false, bool pressure = false)
    {
        var labels = new JsonObject
        {
            ["beta.kubernetes.io/arch"] = "amd64",
            ["beta.kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = "amd64",
            ["kubernetes.io/hostname"] = name,
            ["kubernetes.io/os"] = "linux",
            ["node.kubernetes.io/instance-type"] = $"sandbox.{cpu}x{gigabytes}",
            ["topology.kubernetes.io/region"] = "eu-central",
            ["topology.kubernetes.io/zone"] = zone,
        };
        if (controlPlane)
        {
            labels["node-role.kubernetes.io/control-plane"] = "";
        }

        var spec = new JsonObject { ["podCIDR"] = "10.244.0.0/24", ["podCIDRs"] = new JsonArray("10.244.0.0/24"), ["providerID"] = $"sandbox://{zone}/{name}" };
        var taints = new JsonArray();
        if (controlPlane)
        {
            taints.Add(new JsonObject { ["key"] = "node-role.kubernetes.io/control-plane", ["effect"] = "NoSchedule" });
        }

        if (pressure)
        {
            taints.Add(new JsonObject { ["key"] = "node.kubernetes.io/memory-pressure", ["effect"] = "NoSchedule", ["timeAdded"] = Json.Stamp(now) });
        }

        if (taints.Count > 0)
        {
            spec["taints"] = taints;
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = labels,
                ["annotations"] = new JsonObject
                {
                    ["node.alpha.kubernetes.io/ttl"] = "0",
                    ["volumes.kubernetes.io/controller-managed-attach-detach"] = "true",
                    ["sandbox.example/bootstrap-token"] = canaries.Mint("annotation", "node/" + name),
                },
            },
            ["spec"] = spec,
            ["status"] = Status(name, cpu, gigabytes, pods, now, pressure),
        };
    }

    private static JsonObject Status(string name, int cpu, int gigabytes, int pods, DateTimeOffset now, bool pressure) => new()
    {
        ["addresses"] = new JsonArray(
            new JsonObject { ["type"] = "InternalIP", ["address"] = PodStatus.NodeAddress(name) },
            new JsonObject { ["type"] = "Hostname", ["address"] = name }),
        ["allocatable"] = Amounts(cpu, (gigabytes * 1024L * 1024) - 614400, pods),
        ["capacity"] = Amounts(cpu, gigabytes * 1024L * 1024, pods),
        ["conditions"] = new JsonArray(
            Condition("MemoryPressure", pressure, pressure ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory", pressure ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available", now),
            Condition("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
            Condition("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
            Condition("Ready", true, "KubeletReady", "kubelet is posting ready status", now)),
        ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = 10250 } },
        ["images"] = new JsonArray(
            new JsonObject { ["names"] = new JsonArray("registry.k8s.io/kube-proxy:v1.32.4"), ["sizeBytes"] = 30_900_000 },
            new JsonObject { ["names"] = new JsonArray("registry.k8s.io/pause:3.10"), ["sizeBytes"] = 320_368 }),
        ["nodeInfo"] = new JsonObject
        {
            ["architecture"] = "amd64",
            ["bootID"] = new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("boot" + name)).AsSpan(0, 16)).ToString(),
            ["containerRuntimeVersion"] = "containerd://1.7.24",
            ["kernelVersion"] = "6.1.0-28-amd64",
            ["kubeProxyVersion"] = "v1.32.4",
            ["kubeletVersion"] = "v1.32.4",
            ["machineID"] = PodStatus.Hex("machine" + name)[..32],
            ["operatingSystem"] = "linux",
            ["osImage"] = "Debian GNU/Linux 12 (bookworm)",
            ["systemUUID"] = new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes("system" + name)).AsSpan(0, 16)).ToString(),
        },
    };

    private static JsonObject Amounts(int cpu, long kibibytes, int pods) => new()
    {
        ["cpu"] = cpu.ToString(CultureInfo.InvariantCulture),
        ["ephemeral-storage"] = "102687672Ki",
        ["hugepages-1Gi"] = "0",
        ["hugepages-2Mi"] = "0",
        ["memory"] = kibibytes.ToString(CultureInfo.InvariantCulture) + "Ki",
        ["pods"] = pods.ToString(CultureInfo.InvariantCulture),
    };

    private static JsonObject Condition(string type, bool value, string reason, string message, DateTimeOffset now) => new()
    {
        ["type"] = type,
        ["status"] = value ? "True" : "False",
        ["lastHeartbeatTime"] = Json.Stamp(now),
        ["lastTransitionTime"] = Json.Stamp(now),
        ["reason"] = reason,
        ["message"] = message,
    };
}
