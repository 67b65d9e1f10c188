using System.Collections.Concurrent;

namespace Anycast.Core.Clusters.Links;

/// <summary>The live links of this replica, at most one per cluster: the newest replaces the one before at once.</summary>
public sealed class ClusterLinks
{
    private readonly ConcurrentDictionary<Guid, IClusterLink> _links = new();

    /// <summary>A cluster's link came, or (null) went.</summary>
    public event Action<Guid, IClusterLink?>? Changed;

    public IClusterLink? Find(Guid clusterId) => _links.GetValueOrDefault(clusterId);

    /// <summary>Makes this the cluster's link and cuts the one before.</summary>
    public void Attach(Guid clusterId, IClusterLink link)
    {
        IClusterLink? before = null;
        _links.AddOrUpdate(clusterId, link, (_, old) =>
        {
            before = old;
            return link;
        });
        if (before is not null && !ReferenceEquals(before, link))
        {
            before.Close("replaced");
        }

        Changed?.Invoke(clusterId, link);
    }

    /// <summary>Forgets a link that ended; without effect when another has taken its place.</summary>
    public void Detach(Guid clusterId, IClusterLink link)
    {
        if (_links.TryRemove(new KeyValuePair<Guid, IClusterLink>(clusterId, link)))
        {
            Changed?.Invoke(clusterId, null);
        }
    }

    /// <summary>Cuts a cluster's link.</summary>
    public void Close(Guid clusterId, string reason)
    {
        if (_links.TryRemove(clusterId, out var link))
        {
            link.Close(reason);
            Changed?.Invoke(clusterId, null);
        }
    }
}
