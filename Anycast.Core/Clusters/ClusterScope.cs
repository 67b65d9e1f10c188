namespace Anycast.Core.Clusters;

/// <summary>
/// Which namespaces of a cluster an actor may see. Derived from the actor by <see cref="ClusterAccess"/> alone; every read of a cache takes it.
/// Today a member of the team sees all; restrictions per namespace will narrow it here and nowhere else.
/// </summary>
public sealed class ClusterScope
{
    internal static readonly ClusterScope All = new(null);

    private readonly HashSet<string>? _namespaces;

    private ClusterScope(HashSet<string>? namespaces) => _namespaces = namespaces;

    /// <summary>Names this scope in the key of a shared view.</summary>
    internal string Key => _namespaces is null ? "*" : string.Join(',', _namespaces.Order(StringComparer.Ordinal));

    /// <summary>Only these namespaces, and what belongs to no namespace.</summary>
    internal static ClusterScope Of(IEnumerable<string> namespaces) => new(namespaces.ToHashSet(StringComparer.Ordinal));

    /// <summary>Whether objects of a namespace may be seen; the empty name stands for cluster-scoped objects.</summary>
    public bool Allows(string ns) => _namespaces is null || ns.Length == 0 || _namespaces.Contains(ns);
}
