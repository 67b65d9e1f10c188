using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Cache;

/// <summary>What is wanted of a kind's rows. Equal queries share one sorted view, whoever asks.</summary>
/// <param name="Kinds">One or more kinds in one list.</param>
/// <param name="Search">Part of name, namespace, status, node, image or owner; case does not matter.</param>
/// <param name="Namespace">Only this namespace.</param>
/// <param name="Health">Only this health.</param>
/// <param name="Status">Only this status word.</param>
/// <param name="Node">Only pods of this node.</param>
/// <param name="Owner">Only what this owner controls, as <c>Kind/name</c>.</param>
/// <param name="About">Only events about this object, as <c>Kind/name</c>.</param>
/// <param name="Sort">Column to sort by; see <see cref="RowSort"/>.</param>
/// <param name="Descending">Largest first.</param>
public sealed record RowQuery(
    string Kinds,
    string? Search = null,
    string? Namespace = null,
    Health? Health = null,
    string? Status = null,
    string? Node = null,
    string? Owner = null,
    string? About = null,
    string Sort = RowSort.Health,
    bool Descending = true)
{
    /// <summary>All rows of one kind, worst first.</summary>
    public static RowQuery Of(params IEnumerable<string> kinds) => new(string.Join(',', kinds));

    internal string[] KindList => Kinds.Split(',', StringSplitOptions.RemoveEmptyEntries);

    internal bool Matches(ResourceRow row) =>
        (Namespace is null || row.Namespace == Namespace)
        && (Health is null || row.Health == Health)
        && (Status is null || row.Status == Status)
        && (Node is null || row is PodRow pod && pod.Node == Node)
        && (Owner is null || Names(Owner, row.OwnerKind, row.OwnerName))
        && (About is null || row is EventRow e && Names(About, e.ObjectKind, e.ObjectName))
        && (string.IsNullOrWhiteSpace(Search) || Holds(row, Search.Trim()));

    private static bool Names(string path, string kind, string name) =>
        path.Length == kind.Length + 1 + name.Length && path.StartsWith(kind, StringComparison.Ordinal) && path.EndsWith(name, StringComparison.Ordinal) && path[kind.Length] == '/';

    private static bool Holds(ResourceRow row, string text) =>
        Has(row.Name, text) || Has(row.Namespace, text) || Has(row.Status, text) || Has(row.OwnerName, text) || row switch
        {
            PodRow pod => Has(pod.Node, text) || Has(pod.Image, text) || Has(pod.PodIp, text),
            WorkloadRow workload => Has(workload.Image, text) || Has(workload.Kind, text),
            EventRow e => Has(e.Reason, text) || Has(e.ObjectName, text) || Has(e.Message, text),
            ServiceRow service => Has(service.ClusterIp, text) || Has(service.Type, text),
            IngressRow ingress => Has(ingress.Hosts, text) || Has(ingress.Backends, text),
            ClaimRow claim => Has(claim.Volume, text) || Has(claim.StorageClass, text),
            NodeRow node => Has(node.Roles, text) || Has(node.Version, text),
            _ => false,
        };

    private static bool Has(string value, string text) => value.Contains(text, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A slice of a sorted, filtered list.</summary>
/// <param name="Items">The rows from the place asked for; at most <see cref="ClusterLimits.RowsPerQuery"/>.</param>
/// <param name="Total">Rows that fit the filter.</param>
/// <param name="Unfiltered">Rows of these kinds in scope.</param>
public sealed record RowSlice(IReadOnlyList<ResourceRow> Items, int Total, int Unfiltered);
