using System.Globalization;
using System.Text.Json;

namespace Anycast.Tunnel.Rows;

/// <summary>The rows of the kinds whose state is a word or two.</summary>
internal static class SmallRows
{
    private const int MostParts = 8;

    public static NamespaceRow Namespace(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var phase = meta.Deleting ? "Terminating" : root.At("status", "phase").Text();
        return new NamespaceRow
        {
            Kind = "Namespace",
            Namespace = "",
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            Status = phase,
            Health = phase switch { "Active" => Health.Healthy, "Terminating" => Health.Progressing, _ => Health.Unknown },
        };
    }

    public static JobRow Job(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var status = root.At("status");
        var suspended = root.At("spec", "suspend").True();
        var failed = root.Condition("Failed");
        var (word, health) = meta.Deleting ? ("Terminating", Health.Progressing)
            : root.Condition("Complete").Is("True") ? ("Complete", Health.Healthy)
            : failed.Is("True") ? (failed.At("reason").Text() is { Length: > 0 } reason ? reason : "Failed", Health.Failing)
            : suspended ? ("Suspended", Health.Warning)
            : status.At("failed").Int() > 0 ? ("Running", Health.Warning) : ("Running", Health.Progressing);
        return new JobRow
        {
            Kind = "Job",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            OwnerKind = meta.OwnerKind,
            OwnerName = meta.OwnerName,
            Status = word,
            Health = health,
            Active = status.At("active").Int(),
            Succeeded = status.At("succeeded").Int(),
            Failed = status.At("failed").Int(),
            Suspended = suspended,
            LastRunTicks = status.At("startTime").Ticks(),
        };
    }

    public static JobRow CronJob(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var suspended = root.At("spec", "suspend").True();
        var active = root.At("status", "active").Count();
        return new JobRow
        {
            Kind = "CronJob",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            OwnerKind = meta.OwnerKind,
            OwnerName = meta.OwnerName,
            Status = meta.Deleting ? "Terminating" : suspended ? "Suspended" : active > 0 ? "Active" : "Scheduled",
            Health = meta.Deleting ? Health.Progressing : suspended ? Health.Warning : Health.Healthy,
            Active = active,
            Schedule = root.At("spec", "schedule").Text(),
            Suspended = suspended,
            LastRunTicks = root.At("status", "lastScheduleTime").Ticks(),
        };
    }

    public static ServiceRow Service(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var type = root.At("spec", "type").Text();
        var pending = type == "LoadBalancer" && root.At("status", "loadBalancer", "ingress").Count() == 0;
        var ports = root.At("spec", "ports").Items().Take(MostParts).Select(p =>
        {
            var node = p.At("nodePort").Int();
            var protocol = p.At("protocol").Text() is { Length: > 0 } named ? named : "TCP";
            return string.Create(CultureInfo.InvariantCulture, $"{p.At("port").Int()}{(node > 0 ? $":{node}" : "")}/{protocol}");
        });
        return new ServiceRow
        {
            Kind = "Service",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            Status = meta.Deleting ? "Terminating" : pending ? "Pending" : "",
            Health = meta.Deleting || pending ? Health.Progressing : Health.Unknown,
            Type = type,
            ClusterIp = root.At("spec", "clusterIP").Text(),
            Ports = string.Join(',', ports),
        };
    }

    public static EndpointSliceRow EndpointSlice(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var service = root.At("metadata", "labels").At("kubernetes.io/service-name").Text();
        var endpoints = root.At("endpoints").Items().ToList();

        // A condition that is not said counts as ready (discovery.k8s.io/v1).
        var ready = endpoints.Count(e => e.At("conditions").At("ready").ValueKind != JsonValueKind.False);
        return new EndpointSliceRow
        {
            Kind = "EndpointSlice",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            OwnerKind = "Service",
            OwnerName = service.Length > 0 ? service : meta.OwnerKind == "Service" ? meta.OwnerName : "",
            Health = ready > 0 ? Health.Healthy : Health.Unknown,
            Ready = ready,
            Endpoints = endpoints.Count,
        };
    }

    public static IngressRow Ingress(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var spec = root.At("spec");
        var rules = spec.At("rules").Items().ToList();
        var hosts = rules.Select(r => r.At("host").Text() is { Length: > 0 } host ? host : "*").Distinct(StringComparer.Ordinal).Take(MostParts);
        var backends = rules.SelectMany(r => r.At("http", "paths").Items()).Select(p => Backend(p.At("backend", "service")))
            .Append(Backend(spec.At("defaultBackend", "service"))).Where(b => b.Length > 0).Distinct(StringComparer.Ordinal).Take(MostParts);
        return new IngressRow
        {
            Kind = "Ingress",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            Status = meta.Deleting ? "Terminating" : "",

            // An address means that a controller serves it; whether its backends are there, the service knows, which sees the Services.
            Health = meta.Deleting ? Health.Progressing : root.At("status", "loadBalancer", "ingress").Count() > 0 ? Health.Healthy : Health.Unknown,
            Class = spec.At("ingressClassName").Text(),
            Hosts = string.Join(',', hosts),
            Backends = string.Join(',', backends),
        };
    }

    public static ClaimRow Claim(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var phase = meta.Deleting ? "Terminating" : root.At("status", "phase").Text();
        return new ClaimRow
        {
            Kind = "PersistentVolumeClaim",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            Status = phase,
            Health = phase switch { "Bound" => Health.Healthy, "Lost" => Health.Failing, "Pending" => Health.Warning, "Terminating" => Health.Progressing, _ => Health.Unknown },
            StorageClass = root.At("spec", "storageClassName").Text(),
            Volume = root.At("spec", "volumeName").Text(),
            RequestedBytes = root.At("spec", "resources", "requests").At("storage").Quantity(),
        };
    }

    public static EventRow Event(JsonElement root)
    {
        var meta = RowMeta.Of(root);
        var about = root.At("involvedObject");
        var type = root.At("type").Text();
        var reason = root.At("reason").Text();
        long[] times = [root.At("series", "lastObservedTime").Ticks(), root.At("lastTimestamp").Ticks(), root.At("eventTime").Ticks(), root.At("firstTimestamp").Ticks(), meta.Created];
        return new EventRow
        {
            Kind = "Event",
            Namespace = meta.Namespace,
            Name = meta.Name,
            Uid = meta.Uid,
            CreatedTicks = meta.Created,
            Status = reason,
            Health = type == "Warning" ? Health.Warning : Health.Healthy,
            Type = type,
            Reason = reason,
            Message = root.At("message").Text(),
            Count = Math.Max(Math.Max(root.At("count").Int(), root.At("series", "count").Int()), 1),
            LastSeenTicks = Array.Find(times, t => t > 0),
            ObjectKind = about.At("kind").Text(),
            ObjectName = about.At("name").Text(),
            ObjectUid = about.At("uid").Text(),
        };
    }

    private static string Backend(JsonElement service)
    {
        var name = service.At("name").Text();
        var port = service.At("port", "name").Text() is { Length: > 0 } named ? named : service.At("port", "number").Int() is var number and > 0 ? number.ToString(CultureInfo.InvariantCulture) : "";
        return name.Length == 0 ? "" : port.Length == 0 ? name : $"{name}:{port}";
    }
}
