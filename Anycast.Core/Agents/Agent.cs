using Anycast.Core.Common;

namespace Anycast.Core.Agents;

/// <summary>An agent's key, as enrolled for one cluster. The private half was made in the cluster and never leaves it; at most two are live.</summary>
public sealed class Agent
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid ClusterId { get; set; }

    /// <summary>The public half (SubjectPublicKeyInfo) in base64.</summary>
    [Classified(DataClass.Technical)]
    public string PublicKey { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Last connect or last sign of life, at most a minute late.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? LastSeenAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>The key was presented from another cluster: it was copied, and nothing is routed to it any more (T8).</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? QuarantinedAt { get; set; }

    [Classified(DataClass.Cluster)]
    public string Version { get; set; } = "";

    /// <summary>Version of the projection's specification that the agent holds.</summary>
    [Classified(DataClass.Cluster)]
    public string SpecVersion { get; set; } = "";

    /// <summary>Accepted connects so far; the first is no reconnect.</summary>
    [Classified(DataClass.Technical)]
    public int Connects { get; set; }

    public bool IsLive => RevokedAt is null && QuarantinedAt is null;
}
