using System.Buffers.Binary;
using System.Net;

namespace Anycast.Tunnel.Rows;

/// <summary>How a resource is doing, as the agent judges it from projected fields alone.</summary>
public enum Health
{
    /// <summary>Nothing can be said yet.</summary>
    Unknown = 0,

    /// <summary>As wanted.</summary>
    Healthy = 1,

    /// <summary>On its way: rolling out, starting, being deleted.</summary>
    Progressing = 2,

    /// <summary>Works in part, or is switched off (suspended, cordoned).</summary>
    Warning = 3,

    /// <summary>Does not work.</summary>
    Failing = 4,
}

/// <summary>
/// One line of a list: what every kind has in common. Rows are compact by design (about 250 bytes kept per pod),
/// hold only values that passed the projection, and are what caches and tables live on.
/// </summary>
public abstract record ResourceRow
{
    private readonly Guid uid;
    private readonly string? uidText;
    private readonly uint createdSeconds;

    /// <summary>The Kubernetes kind, e.g. <c>Pod</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Namespace, or the empty string for cluster-scoped kinds.</summary>
    public required string Namespace { get; init; }

    /// <summary>metadata.name.</summary>
    public required string Name { get; init; }

    /// <summary>metadata.uid. Kept in 16 bytes when it is a UUID, as it nearly always is.</summary>
    public required string Uid
    {
        get => uidText ?? uid.ToString();
        init => uidText = Guid.TryParseExact(value, "D", out uid) && uid.ToString() == value ? null : value;
    }

    /// <summary>metadata.creationTimestamp, which has whole seconds, in UTC ticks; 0 when absent. Kept in 4 bytes.</summary>
    public long CreatedTicks
    {
        get => createdSeconds == 0 ? 0 : DateTime.UnixEpoch.Ticks + (createdSeconds * TimeSpan.TicksPerSecond);
        init => createdSeconds = (uint)Math.Clamp((value - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond, 0, uint.MaxValue);
    }

    /// <summary>How it is doing.</summary>
    public Health Health { get; init; }

    /// <summary>The word kubectl would print as its status: <c>CrashLoopBackOff</c>, <c>Ready</c>, <c>Bound</c> …; empty when the kind has none.</summary>
    public string Status { get; init; } = "";

    /// <summary>Kind of the controlling owner, or empty.</summary>
    public string OwnerKind { get; init; } = "";

    /// <summary>Name of the controlling owner, or empty.</summary>
    public string OwnerName { get; init; } = "";

    /// <summary>Key within a cluster's cache: <c>Kind/namespace/name</c>.</summary>
    public string Key => $"{Kind}/{Namespace}/{Name}";
}

/// <summary>A namespace.</summary>
public sealed record NamespaceRow : ResourceRow;

/// <summary>A node. CPU in millicores, memory in bytes.</summary>
public sealed record NodeRow : ResourceRow
{
    public string Roles { get; init; } = "";
    public string Version { get; init; } = "";
    public string OsImage { get; init; } = "";
    public string Architecture { get; init; } = "";
    public long AllocatableCpuMillis { get; init; }
    public long AllocatableMemoryBytes { get; init; }
    public int AllocatablePods { get; init; }
    public bool Unschedulable { get; init; }

    /// <summary>Condition types that stand against the node, comma-separated: <c>MemoryPressure</c>, <c>NotReady</c> …</summary>
    public string Pressures { get; init; } = "";
}

/// <summary>A pod.</summary>
public sealed record PodRow : ResourceRow
{
    private readonly uint ipv4;
    private readonly string? ipText;

    public int ReadyContainers { get; init; }
    public int Containers { get; init; }
    public int Restarts { get; init; }
    public string Node { get; init; } = "";

    /// <summary>The pod's address, or empty. An IPv4 address is kept in 4 bytes.</summary>
    public string PodIp
    {
        get => ipText ?? (ipv4 == 0 ? "" : new IPAddress(BinaryPrimitives.ReverseEndianness(ipv4)).ToString());
        init => ipText = value.Length == 0 || PackedAddress.TryPack(value, out ipv4) ? null : value;
    }

    /// <summary>The first container's image.</summary>
    public string Image { get; init; } = "";
}

/// <summary>Deployment, StatefulSet, DaemonSet, ReplicaSet.</summary>
public sealed record WorkloadRow : ResourceRow
{
    public int Desired { get; init; }
    public int Ready { get; init; }
    public int Updated { get; init; }
    public int Available { get; init; }

    /// <summary>The first container's image.</summary>
    public string Image { get; init; } = "";
}

/// <summary>Job or CronJob. Times in UTC ticks, 0 when absent.</summary>
public sealed record JobRow : ResourceRow
{
    public int Active { get; init; }
    public int Succeeded { get; init; }
    public int Failed { get; init; }
    public string Schedule { get; init; } = "";
    public bool Suspended { get; init; }
    public long LastRunTicks { get; init; }
}

/// <summary>A Service.</summary>
public sealed record ServiceRow : ResourceRow
{
    public string Type { get; init; } = "";
    public string ClusterIp { get; init; } = "";

    /// <summary>As kubectl prints them: <c>80/TCP,443/TCP</c>.</summary>
    public string Ports { get; init; } = "";
}

/// <summary>An EndpointSlice; its owner is the Service it belongs to. Kept only for how Services are doing.</summary>
public sealed record EndpointSliceRow : ResourceRow
{
    /// <summary>Endpoints that take traffic.</summary>
    public int Ready { get; init; }

    public int Endpoints { get; init; }
}

/// <summary>An Ingress.</summary>
public sealed record IngressRow : ResourceRow
{
    public string Class { get; init; } = "";
    public string Hosts { get; init; } = "";
    public string Backends { get; init; } = "";
}

/// <summary>A PersistentVolumeClaim. Sizes in bytes.</summary>
public sealed record ClaimRow : ResourceRow
{
    public string StorageClass { get; init; } = "";
    public string Volume { get; init; } = "";
    public long RequestedBytes { get; init; }
}

/// <summary>An event. <see cref="Message"/> arrives only through message templates; else it is the withheld marker.</summary>
public sealed record EventRow : ResourceRow
{
    public string Type { get; init; } = "";
    public string Reason { get; init; } = "";
    public string Message { get; init; } = "";
    public int Count { get; init; }
    public long LastSeenTicks { get; init; }
    public string ObjectKind { get; init; } = "";
    public string ObjectName { get; init; } = "";
    public string ObjectUid { get; init; } = "";
}
