namespace Anycast.Core.Clusters.Cache;

/// <summary>What changed in a cluster since a subscriber was last told. Several changes come as one.</summary>
/// <param name="Kinds">Kinds of which rows changed.</param>
/// <param name="Connection">The connection came or went, or a kind became readable or unreadable.</param>
/// <param name="Removed">The cluster itself was removed; nothing more will come.</param>
public sealed record ClusterChange(IReadOnlySet<string> Kinds, bool Connection, bool Removed)
{
    public bool Touches(string kind) => Kinds.Contains(kind);

    public bool TouchesAny(IEnumerable<string> kinds) => Kinds.Overlaps(kinds);
}
