namespace Anycast.Core.Clusters;

/// <summary>The bounds of everything that has to do with clusters, in one place (DESIGN promise 8).</summary>
public static class ClusterLimits
{
    public const int NameLength = 60;

    public const int PerTeam = 50;

    /// <summary>Rows a cache keeps of one kind; what comes beyond is not kept and the kind is marked as cut off.</summary>
    public const int RowsPerKind = 120_000;

    /// <summary>Events a cache keeps; the oldest go first.</summary>
    public const int Events = 5_000;

    /// <summary>Sorted views a cache keeps ready.</summary>
    public const int Views = 16;

    /// <summary>Rows one query may hand out.</summary>
    public const int RowsPerQuery = 500;

    /// <summary>Objects of one kind in one list.</summary>
    public const int ObjectsPerList = 2_000;

    /// <summary>Objects asked for at a time (<c>limit</c> of the Kubernetes API).</summary>
    public const int ObjectsPerPage = 500;

    /// <summary>The largest single answer that is read, in bytes.</summary>
    public const int AnswerBytes = 16 * 1024 * 1024;

    /// <summary>Caches kept of clusters that are not connected.</summary>
    public const int StaleCaches = 200;

    /// <summary>Time for one read or list.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Time for an operation; above the agent's own limit.</summary>
    public static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A row stream without a line (heartbeats come every 15 s) for so long is dead.</summary>
    public static readonly TimeSpan StreamSilence = TimeSpan.FromSeconds(45);

    /// <summary>Least time between two notifications of one subscriber: at most 4 a second (performance M6).</summary>
    public static readonly TimeSpan NotifyEvery = TimeSpan.FromMilliseconds(250);
}
