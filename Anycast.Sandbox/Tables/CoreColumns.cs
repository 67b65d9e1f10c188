using System.Text.Json.Nodes;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Tables;

/// <summary>Columns of services, configuration, storage and events.</summary>
internal static class CoreColumns
{
    public static IReadOnlyDictionary<string, Column[]> All { get; } = new Dictionary<string, Column[]>(StringComparer.Ordinal)
    {
        ["Service"] =
        [
            Column.Text("Type", o => o.Str("spec", "type")),
            Column.Text("Cluster-IP", o => o.Str("spec", "clusterIP")),
            Column.Text("External-IP", ExternalIp),
            Column.Text("Port(s)", o => string.Join(",", o.Items("spec", "ports").Select(p => p.ContainsKey("nodePort") ? $"{p.Int("port")}:{p.Int("nodePort")}/{p.Str("protocol")}" : $"{p.Int("port")}/{p.Str("protocol")}"))),
            Column.Text("Selector", o => WorkloadColumns.Pairs(o.Obj("spec", "selector")), wide: true),
        ],
        ["Endpoints"] =
        [
            Column.Text("Endpoints", o => Some(o.Items("subsets").SelectMany(s => s.Items("addresses").SelectMany(a => s.Items("ports").Select(p => $"{a.Str("ip")}:{p.Int("port")}"))))),
        ],
        ["EndpointSlice"] =
        [
            Column.Text("AddressType", o => o.Str("addressType")),
            Column.Text("Ports", o => o.Items("ports").Any() ? Some(o.Items("ports").Select(p => p.Str("port"))) : "<unset>"),
            Column.Text("Endpoints", o => o.Items("endpoints").Any() ? Some(o.Items("endpoints").SelectMany(e => e.Strings("addresses"))) : "<unset>"),
        ],
        ["ConfigMap"] = [Column.Number("Data", o => o.Obj("data").Count + o.Obj("binaryData").Count)],
        ["Secret"] = [Column.Text("Type", o => o.Str("type")), Column.Number("Data", o => o.Obj("data").Count)],
        ["ServiceAccount"] = [Column.Number("Secrets", o => o.Items("secrets").Count())],
        ["PersistentVolumeClaim"] =
        [
            Column.Text("Status", o => o.At("metadata", "deletionTimestamp") is null ? o.Str("status", "phase") : "Terminating"),
            new("Volume", "string", 0, (o, _) => o.Str("spec", "volumeName")),
            new("Capacity", "string", 0, (o, _) => o.Str("status", "capacity", "storage")),
            new("Access Modes", "string", 0, (o, _) => o.Str("spec", "volumeName").Length > 0 ? Modes(o) : ""),
            new("StorageClass", "string", 0, (o, _) => o.Str("spec", "storageClassName")),
            Column.Text("VolumeAttributesClass", _ => "<unset>"),
            Column.Text("VolumeMode", o => o.Str("spec", "volumeMode"), wide: true),
        ],
        ["PersistentVolume"] =
        [
            Column.Text("Capacity", o => o.Str("spec", "capacity", "storage")),
            Column.Text("Access Modes", Modes),
            Column.Text("Reclaim Policy", o => o.Str("spec", "persistentVolumeReclaimPolicy")),
            Column.Text("Status", o => o.Str("status", "phase")),
            new("Claim", "string", 0, (o, _) => o.At("spec", "claimRef") is null ? "" : $"{o.Str("spec", "claimRef", "namespace")}/{o.Str("spec", "claimRef", "name")}"),
            new("StorageClass", "string", 0, (o, _) => o.Str("spec", "storageClassName")),
            Column.Text("VolumeAttributesClass", _ => "<unset>"),
            new("Reason", "string", 0, (o, _) => o.Str("status", "reason")),
            Column.Text("VolumeMode", o => o.Str("spec", "volumeMode"), wide: true),
        ],
        ["ResourceQuota"] = [Column.Text("Request", o => Quota(o, limits: false)), new("Limit", "string", 0, (o, _) => Quota(o, limits: true))],
        ["LimitRange"] = [Column.Text("Created At", o => o.Str("metadata", "creationTimestamp"))],
        ["Ingress"] =
        [
            Column.Text("Class", o => o.Str("spec", "ingressClassName")),
            Column.Text("Hosts", o => string.Join(",", o.Items("spec", "rules").Select(r => r.Str("host") is { Length: > 0 } host ? host : "*"))),
            new("Address", "string", 0, (o, _) => string.Join(",", o.Items("status", "loadBalancer", "ingress").Select(i => i.Str("ip") + i.Str("hostname")))),
            Column.Text("Ports", o => o.Items("spec", "tls").Any() ? "80, 443" : "80"),
        ],
        ["Event"] =
        [
            Column.Timed("Last Seen", (o, now) => TableColumns.Age(o.Time("lastTimestamp") ?? o.Time("deprecatedLastTimestamp") ?? o.Time("eventTime"), now)),
            Column.Text("Type", o => o.Str("type")),
            Column.Text("Reason", o => o.Str("reason")),
            Column.Text("Object", o => Regarding(o) is var r ? $"{r.Str("kind").ToLowerInvariant()}/{r.Str("name")}" : ""),
            new("Subobject", "string", 1, (o, _) => Regarding(o).Str("fieldPath")),
            new("Source", "string", 1, (o, _) => Source(o)),
            Column.Text("Message", o => (o.Str("message") + o.Str("note")).Trim()),
            Column.Timed("First Seen", (o, now) => TableColumns.Age(o.Time("firstTimestamp") ?? o.Time("deprecatedFirstTimestamp") ?? o.Time("eventTime"), now), wide: true),
            Column.Number("Count", o => Math.Max(1, o.Int("count") + o.Int("deprecatedCount")), wide: true),
            Column.Text("Name", o => o.Str("metadata", "name"), wide: true),
        ],
    };

    private static JsonObject Regarding(JsonObject e) => e.At("involvedObject") is JsonObject involved ? involved : e.Obj("regarding");

    private static string Source(JsonObject e)
    {
        var source = e.At("source") is JsonObject own ? own : e.Obj("deprecatedSource");
        return source.Str("host").Length > 0 ? $"{source.Str("component")}, {source.Str("host")}" : source.Str("component");
    }

    private static string ExternalIp(JsonObject service)
    {
        var addresses = service.Items("status", "loadBalancer", "ingress").Select(i => i.Str("ip") + i.Str("hostname")).ToList();
        return service.Str("spec", "type") switch
        {
            "LoadBalancer" => addresses.Count > 0 ? string.Join(",", addresses) : "<pending>",
            "ExternalName" => service.Str("spec", "externalName"),
            _ => "",
        };
    }

    private static string Some(IEnumerable<string> all)
    {
        var list = all.ToList();
        return list.Count <= 3 ? string.Join(",", list) : $"{string.Join(",", list.Take(3))} + {list.Count - 3} more...";
    }

    private static string Modes(JsonObject obj) => string.Join(",", obj.Strings("spec", "accessModes").Select(m => m switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => m,
    }));

    private static string Quota(JsonObject quota, bool limits) => string.Join(", ", quota.Obj("spec", "hard")
        .Where(h => h.Key.StartsWith("limits", StringComparison.Ordinal) == limits)
        .Select(h => $"{h.Key}: {(quota.Str("status", "used", h.Key) is { Length: > 0 } used ? used : "0")}/{Json.Text(h.Value)}"));
}
