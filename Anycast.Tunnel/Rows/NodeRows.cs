using System.Text.Json;

namespace Anycast.Tunnel.Rows;

/// <summary>The row of a node.</summary>
internal static class NodeRows
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static NodeRow Build(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var info = root.At("status", "nodeInfo");
        var allocatable = root.At("status", "allocatable");
        var cordoned = root.At("spec", "unschedulable").True();
        var isReady = root.Condition("Ready").Is("True");
        var pressures = new List<string>();
        if (!isReady)
        {
            pressures.Add("NotReady");
        }

        foreach (var condition in root.At("status", "conditions").Items())
        {
            var type = condition.At("type").Text();
            if (type != "Ready" && condition.Is("True") && (type.EndsWith("Pressure", StringComparison.Ordinal) || type == "NetworkUnavailable"))
            {
                pressures.Add(type);
            }
        }

        return new NodeRow
        {
            Kind = "Node",
            Namespace = "",
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            Status = (isReady ? "Ready" : "NotReady") + (cordoned ? ",SchedulingDisabled" : ""),
            Health = !isReady ? Health.Failing : pressures.Count > 0 || cordoned ? Health.Warning : Health.Healthy,
            Roles = Roles(root.At("metadata", "labels")),
            Version = info.At("kubeletVersion").Text(),
            OsImage = info.At("osImage").Text(),
            Architecture = info.At("architecture").Text(),
            AllocatableCpuMillis = allocatable.At("cpu").Quantity(millis: true),
            AllocatableMemoryBytes = allocatable.At("memory").Quantity(),
            AllocatablePods = (int)Math.Min(int.MaxValue, allocatable.At("pods").Quantity()),
            Unschedulable = cordoned,
            Pressures = string.Join(',', pressures.Take(8)),
        };
    }

    private static string Roles(JsonElement labels) => labels.ValueKind != JsonValueKind.Object
        ? ""
        : string.Join(',', labels.EnumerateObject()
            .Where(l => l.Name.StartsWith(RolePrefix, StringComparison.Ordinal) && l.Name.Length > RolePrefix.Length)
            .Select(l => l.Name[RolePrefix.Length..])
            .Order(StringComparer.Ordinal)
            .Take(8));
}
