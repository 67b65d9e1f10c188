using Anycast.Core.Common;

namespace Anycast.Core.Agents;

/// <summary>A token that enrols one agent for one cluster, once, within 15 minutes. Only its hash is kept.</summary>
public sealed class EnrolmentToken
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid ClusterId { get; set; }

    [Classified(DataClass.Credential)]
    public string Hash { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>A newer one ended it before its time.</summary>
    public bool WasReplaced => ExpiresAt - CreatedAt < AgentLimits.TokenLifetime;

    [Classified(DataClass.Technical)]
    public DateTimeOffset? UsedAt { get; set; }

    /// <summary>Who made it; null for the service itself (demo).</summary>
    [Classified(DataClass.Technical)]
    public Guid? CreatedBy { get; set; }
}
