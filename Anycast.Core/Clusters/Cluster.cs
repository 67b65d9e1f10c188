using Anycast.Core.Common;

namespace Anycast.Core.Clusters;

/// <summary>What the team wants to do in a cluster; the agent's RBAC in the cluster decides what it can.</summary>
public enum ClusterAccessKind
{
    /// <summary>Look only: nothing may be proposed.</summary>
    ReadOnly = 1,

    /// <summary>Look, and propose changes that a person approves.</summary>
    Propose = 2,
}

/// <summary>A Kubernetes cluster that a team has connected or is about to (D09). The service holds no credential of it.</summary>
public sealed class Cluster
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    /// <summary>Name in URLs, unique within the team, lower case.</summary>
    [Classified(DataClass.Cluster)]
    public string Slug { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public string Name { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public ClusterAccessKind Access { get; set; } = ClusterAccessKind.ReadOnly;

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>metadata.uid of the namespace kube-system, which stands for the cluster's identity; bound at the first enrolment.</summary>
    [Classified(DataClass.Cluster)]
    public string? ClusterUid { get; set; }

    /// <summary>As the agent last reported it, e.g. <c>v1.32.0</c>.</summary>
    [Classified(DataClass.Cluster)]
    public string? KubernetesVersion { get; set; }

    /// <summary>The sandbox of a demo team.</summary>
    [Classified(DataClass.Technical)]
    public bool IsDemo { get; set; }
}
