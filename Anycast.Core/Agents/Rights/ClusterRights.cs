using Anycast.Core.Common;

namespace Anycast.Core.Agents.Rights;

/// <summary>The last report of what a cluster's agent may do there, as its API server said it.</summary>
public sealed class ClusterRights
{
    [Classified(DataClass.Technical)]
    public Guid ClusterId { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset ReportedAt { get; set; }

    /// <summary>A <see cref="Anycast.Tunnel.Rights.RightsReport"/> as JSON, checked against its bounds and grammar.</summary>
    [Classified(DataClass.Cluster)]
    public string Report { get; set; } = "";

    /// <summary>Stands for the excess that the team's admins were told of last; empty for none.</summary>
    [Classified(DataClass.Technical)]
    public string NoticedExcess { get; set; } = "";
}
