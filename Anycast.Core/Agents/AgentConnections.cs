using System.Collections.Concurrent;
using Anycast.Core.Agents.Transport;
using Anycast.Core.Clusters.Links;

namespace Anycast.Core.Agents;

/// <summary>A tunnel that is up.</summary>
public sealed class AgentConnection
{
    private readonly AgentLink _link;

    internal AgentConnection(AgentAdmitted admitted, AgentLink link)
    {
        _link = link;
        AgentId = admitted.AgentId;
        ClusterId = admitted.ClusterId;
    }

    public Guid AgentId { get; }

    public Guid ClusterId { get; }

    public DateTimeOffset Since => _link.Client.Carrier.ConnectedAt;

    public string Version => _link.Client.Carrier.Hello.Version;

    /// <summary>There is a newer agent than this one.</summary>
    public bool IsOutdated => AgentRelease.IsOlder(Version, _link.Client.Carrier.Hello.SpecificationVersion.ToString(System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>The last measured time through the tunnel and back; null before the first.</summary>
    public TimeSpan? RoundTrip => _link.Client.Carrier.RoundTrip is var time && time > TimeSpan.Zero ? time : null;

    internal AgentLink Link => _link;
}

/// <summary>The tunnels of this replica, at most one per cluster: the newest replaces the one before at once.</summary>
public sealed class AgentConnections(ClusterLinks links)
{
    private readonly ConcurrentDictionary<Guid, AgentConnection> _byCluster = new();

    /// <summary>A cluster's connection came or went.</summary>
    public event Action<Guid>? Changed;

    public AgentConnection? Find(Guid clusterId) => _byCluster.GetValueOrDefault(clusterId);

    public IReadOnlyCollection<AgentConnection> All => [.. _byCluster.Values];

    /// <summary>Makes a tunnel the cluster's one; the one before is cut.</summary>
    internal void Attach(AgentConnection connection)
    {
        _byCluster[connection.ClusterId] = connection;
        links.Attach(connection.ClusterId, connection.Link);
        Changed?.Invoke(connection.ClusterId);
    }

    /// <summary>Forgets a tunnel that ended; without effect on the one that took its place.</summary>
    internal void Detach(AgentConnection connection)
    {
        links.Detach(connection.ClusterId, connection.Link);
        if (_byCluster.TryRemove(KeyValuePair.Create(connection.ClusterId, connection)))
        {
            Changed?.Invoke(connection.ClusterId);
        }
    }

    /// <summary>Cuts an agent's tunnel, if it is here.</summary>
    internal void Cut(Guid agentId, string reason)
    {
        foreach (var connection in _byCluster.Values.Where(c => c.AgentId == agentId))
        {
            connection.Link.Close(reason);
            Detach(connection);
        }
    }
}
