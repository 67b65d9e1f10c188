using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>The columns that lists sort by. Ties go by namespace and name, so that rows never jump.</summary>
public static class RowSort
{
    public const string Health = "health";
    public const string Name = "name";
    public const string Namespace = "namespace";
    public const string Kind = "kind";
    public const string Status = "status";
    public const string Age = "age";
    public const string Restarts = "restarts";
    public const string Ready = "ready";
    public const string Node = "node";
    public const string LastSeen = "seen";
    public const string Count = "count";
    public const string Size = "size";

    internal static Comparison<ResourceRow> Comparison(string column, bool descending)
    {
        var by = By(column);
        return descending
            ? (a, b) => by(b, a) is var c and not 0 ? c : Tie(a, b)
            : (a, b) => by(a, b) is var c and not 0 ? c : Tie(a, b);
    }

    private static Comparison<ResourceRow> By(string column) => column switch
    {
        Name => (a, b) => string.CompareOrdinal(a.Name, b.Name),
        Namespace => (a, b) => string.CompareOrdinal(a.Namespace, b.Namespace),
        Kind => (a, b) => string.CompareOrdinal(a.Kind, b.Kind),
        Status => (a, b) => string.CompareOrdinal(a.Status, b.Status),
        // The older, the greater the age.
        Age => (a, b) => b.CreatedTicks.CompareTo(a.CreatedTicks),
        Restarts => (a, b) => (a as PodRow)?.Restarts.CompareTo((b as PodRow)?.Restarts ?? 0) ?? 0,
        Ready => (a, b) => ReadyShare(a).CompareTo(ReadyShare(b)),
        Node => (a, b) => string.CompareOrdinal((a as PodRow)?.Node, (b as PodRow)?.Node),
        LastSeen => (a, b) => Seen(a).CompareTo(Seen(b)),
        Count => (a, b) => ((a as EventRow)?.Count ?? 0).CompareTo((b as EventRow)?.Count ?? 0),
        Size => (a, b) => ((a as ClaimRow)?.RequestedBytes ?? 0).CompareTo((b as ClaimRow)?.RequestedBytes ?? 0),
        _ => (a, b) => a.Health.CompareTo(b.Health),
    };

    private static int Tie(ResourceRow a, ResourceRow b)
    {
        var c = string.CompareOrdinal(a.Namespace, b.Namespace);
        c = c == 0 ? string.CompareOrdinal(a.Name, b.Name) : c;
        return c == 0 ? string.CompareOrdinal(a.Kind, b.Kind) : c;
    }

    private static double ReadyShare(ResourceRow row) => row switch
    {
        PodRow { Containers: > 0 } pod => (double)pod.ReadyContainers / pod.Containers,
        WorkloadRow { Desired: > 0 } workload => (double)workload.Ready / workload.Desired,
        _ => 1,
    };

    private static long Seen(ResourceRow row) => row switch
    {
        EventRow e => e.LastSeenTicks,
        JobRow job => job.LastRunTicks,
        _ => row.CreatedTicks,
    };
}
