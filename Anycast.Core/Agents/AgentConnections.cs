using System.Collections.Concurrent;
using Anycast.Core.Clusters.Links;

namespace Anycast.Core.Agents;

/// <summary>A tunnel that is up.</summary>
/// <param name="AgentId">Whose.</param>
/// <param name="ClusterId">To which cluster.</param>
/// <param name="Since">Since when.</param>
/// <param name="Version">The agent's version.</param>
/// <param name="RoundTrip">Last measured time there and back, null before the first.</param>
public sealed record AgentConnection(Guid AgentId, Guid ClusterId, DateTimeOffset Since, string Version, TimeSpan? RoundTrip);

/// <summary>The tunnels of this replica, at most one per cluster.</summary>
public sealed class AgentConnections(ClusterLinks links)
{
    private readonly ConcurrentDictionary<Guid, Entry> _byCluster = new();

    /// <summary>A cluster's connection came, went, or was measured anew.</summary>
    public event Action<Guid>? Changed;

    public AgentConnection? Find(Guid clusterId) => _byCluster.GetValueOrDefault(clusterId)?.Connection;

    public IReadOnlyCollection<AgentConnection> All => [.. _byCluster.Values.Select(e => e.Connection)];

    /// <summary>Makes a tunnel the cluster's one; the one before is cut.</summary>
    public void Attach(AgentConnection connection, IClusterLink link)
    {
        _byCluster[connection.ClusterId] = new Entry(connection, link);
        links.Attach(connection.ClusterId, link);
        Changed?.Invoke(connection.ClusterId);
    }

    /// <summary>Forgets a tunnel that ended.</summary>
    public void Detach(Guid clusterId, IClusterLink link)
    {
        if (_byCluster.TryGetValue(clusterId, out var entry) && ReferenceEquals(entry.Link, link))
        {
            _byCluster.TryRemove(new KeyValuePair<Guid, Entry>(clusterId, entry));
        }

        links.Detach(clusterId, link);
        Changed?.Invoke(clusterId);
    }

    /// <summary>Cuts an agent's tunnel, if it is here.</summary>
    public void Cut(Guid agentId, string reason)
    {
        foreach (var (clusterId, entry) in _byCluster)
        {
            if (entry.Connection.AgentId == agentId)
            {
                entry.Link.Close(reason);
                Detach(clusterId, entry.Link);
            }
        }
    }

    internal void Measured(Guid clusterId, IClusterLink link, TimeSpan roundTrip)
    {
        if (_byCluster.TryGetValue(clusterId, out var entry) && ReferenceEquals(entry.Link, link))
        {
            _byCluster.TryUpdate(clusterId, entry with { Connection = entry.Connection with { RoundTrip = roundTrip } }, entry);
            Changed?.Invoke(clusterId);
        }
    }

    internal IClusterLink? Link(Guid clusterId) => _byCluster.GetValueOrDefault(clusterId)?.Link;

    private sealed record Entry(AgentConnection Connection, IClusterLink Link);
}
