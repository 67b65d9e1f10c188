using Anycast.Core.Common;

namespace Anycast.Core.Clusters.Departures;

/// <summary>In which way data left a cluster.</summary>
public enum DepartureOperation
{
    /// <summary>One object.</summary>
    Get = 1,

    /// <summary>A page of a list.</summary>
    List = 2,

    /// <summary>Rows of a kind for the live pages; one entry for each kind and hour.</summary>
    Watch = 3,

    /// <summary>The trial of a change: what it would change.</summary>
    DryRun = 4,

    /// <summary>A change, and what it changed.</summary>
    Execute = 5,

    /// <summary>What a container logged, where the customer had opted in.</summary>
    Logs = 6,

    /// <summary>Keys and values of a ConfigMap, where the customer had opted in.</summary>
    ConfigData = 7,
}

/// <summary>Something that left a cluster through its agent: who asked, for what, and how much it was. What it said is kept nowhere.</summary>
public sealed class Departure
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid ClusterId { get; set; }

    /// <summary>When; for a watch, the hour it stands for.</summary>
    [Classified(DataClass.Activity)]
    public DateTimeOffset At { get; set; }

    [Classified(DataClass.Activity)]
    public DepartureOperation Operation { get; set; }

    /// <summary>Kubernetes kind.</summary>
    [Classified(DataClass.Cluster)]
    public string Kind { get; set; } = "";

    /// <summary>Namespace, empty for all or for none.</summary>
    [Classified(DataClass.Cluster)]
    public string Namespace { get; set; } = "";

    /// <summary>Name of the object, empty for lists.</summary>
    [Classified(DataClass.Cluster)]
    public string Name { get; set; } = "";

    /// <summary>Who asked; null for the service itself.</summary>
    [Classified(DataClass.Technical)]
    public Guid? UserId { get; set; }

    [Classified(DataClass.Activity)]
    public ActorKind ActorKind { get; set; }

    /// <summary>Name of who asked, as it was then.</summary>
    [Classified(DataClass.Contact)]
    public string ActorName { get; set; } = "";

    /// <summary>The answer of the assistant that asked, null when a person did by themselves.</summary>
    [Classified(DataClass.Technical)]
    public Guid? RunId { get; set; }

    /// <summary>Answers, or rows of a watch.</summary>
    [Classified(DataClass.Activity)]
    public int Count { get; set; } = 1;

    /// <summary>Bytes that crossed, projected.</summary>
    [Classified(DataClass.Activity)]
    public long Bytes { get; set; }

    /// <summary>Fields that stayed in the cluster, as the agent counted them; null for rows, which hold a few fixed fields only.</summary>
    [Classified(DataClass.Activity)]
    public int? Withheld { get; set; }
}
