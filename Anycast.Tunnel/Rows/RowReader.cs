using System.Text.Json;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Rows;

/// <summary>
/// Reads the lines of a Rows stream on the service. It trusts no cell: each is checked against its leaf type and the detectors
/// again, and what does not fit becomes a marker and is counted. One per stream.
/// </summary>
public sealed class RowReader(string kind, ProjectionCheck? check = null)
{
    /// <summary>No line may be longer (bytes).</summary>
    public const int MaxLine = 64 * 1024;

    private readonly StringPool pool = new();

    /// <summary>Reads one line without its end.</summary>
    /// <exception cref="ProjectionException">The line is none of ours.</exception>
    public RowChange Read(ReadOnlySpan<byte> line)
    {
        var cells = new RowCells(line, pool);
        try
        {
            var type = cells.Type();
            var change = type switch
            {
                RowChangeType.Upsert => new RowChange(type, Row(ref cells)),
                RowChangeType.Delete => new RowChange(type, Key: Key(ref cells)),
                RowChangeType.Error => new RowChange(type, Error: cells.Text(LeafType.Enum)),
                RowChangeType.Reset or RowChangeType.Synced or RowChangeType.Heartbeat => new RowChange(type),
                _ => throw new ProjectionException("InvalidRow"),
            };
            if (cells.Misfits > 0)
            {
                check?.Count(kind, cells.Misfits);
            }

            return change;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ProjectionException("InvalidRow");
        }
    }

    private string Key(ref RowCells cells)
    {
        var ns = cells.Text(LeafType.Name);
        return $"{kind}/{ns}/{cells.Text(LeafType.Name)}";
    }

    private ResourceRow Row(ref RowCells c)
    {
        var head = new RowHead(c.Shared(LeafType.Name), c.Text(LeafType.Name), c.Text(LeafType.Uuid), c.Long() * TimeSpan.TicksPerSecond, c.Health(), c.List(LeafType.Plain), c.Shared(LeafType.Enum), c.Shared(LeafType.Name));
        return kind switch
        {
            "Namespace" => new NamespaceRow { Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status },
            "Node" => Node(head, ref c),
            "Pod" => Pod(head, ref c),
            "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet" => Workload(head, ref c),
            "Job" or "CronJob" => Job(head, ref c),
            "Service" => Service(head, ref c),
            "EndpointSlice" => EndpointSlice(head, ref c),
            "Ingress" => Ingress(head, ref c),
            "PersistentVolumeClaim" => Claim(head, ref c),
            "Event" => Event(head, ref c),
            _ => throw new ProjectionException("InvalidRow"),
        };
    }

    private NodeRow Node(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        Roles = c.List(LeafType.Name), Version = c.Shared(LeafType.Version), OsImage = c.Shared(LeafType.Plain), Architecture = c.Shared(LeafType.Name),
        AllocatableCpuMillis = c.Long(), AllocatableMemoryBytes = c.Long(), AllocatablePods = c.Int(), Unschedulable = c.Long() == 1, Pressures = c.List(LeafType.Enum),
    };

    private PodRow Pod(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        ReadyContainers = c.Int(), Containers = c.Int(), Restarts = c.Int(), Node = c.Shared(LeafType.Name), PodIp = c.Text(LeafType.Ip), Image = c.Shared(LeafType.Image),
    };

    private WorkloadRow Workload(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        Desired = c.Int(), Ready = c.Int(), Updated = c.Int(), Available = c.Int(), Image = c.Shared(LeafType.Image),
    };

    private JobRow Job(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        Active = c.Int(), Succeeded = c.Int(), Failed = c.Int(), Schedule = c.Shared(LeafType.Cron), Suspended = c.Long() == 1, LastRunTicks = c.Long(),
    };

    private ServiceRow Service(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        Type = c.Shared(LeafType.Enum), ClusterIp = c.Text(LeafType.Ip), Ports = c.List(LeafType.Name),
    };

    private EndpointSliceRow EndpointSlice(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        Ready = c.Int(), Endpoints = c.Int(),
    };

    private IngressRow Ingress(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        Class = c.Shared(LeafType.Name), Hosts = c.List(LeafType.Host), Backends = c.List(LeafType.Name),
    };

    private ClaimRow Claim(RowHead head, ref RowCells c) => new()
    {
        Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
        StorageClass = c.Shared(LeafType.Name), Volume = c.Text(LeafType.Name), RequestedBytes = c.Long(),
    };

    private EventRow Event(RowHead head, ref RowCells c)
    {
        var type = c.Shared(LeafType.Enum);
        var reason = c.Shared(LeafType.Enum);
        return new EventRow
        {
            Kind = kind, Namespace = head.Namespace, Name = head.Name, Uid = head.Uid, CreatedTicks = head.Created, Health = head.Health, Status = head.Status, OwnerKind = head.OwnerKind, OwnerName = head.OwnerName,
            Type = type, Reason = reason, Message = c.Message(reason), Count = c.Int(), LastSeenTicks = c.Long(),
            ObjectKind = c.Shared(LeafType.Enum), ObjectName = c.Shared(LeafType.Name), ObjectUid = c.Shared(LeafType.Uuid),
        };
    }

    private readonly record struct RowHead(string Namespace, string Name, string Uid, long Created, Health Health, string Status, string OwnerKind, string OwnerName);
}
