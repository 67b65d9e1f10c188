namespace Anycast.Core.Clusters.Cache;

/// <summary>Status words of Services and Ingresses that are ours: kubectl prints none for them. Pages show them in the reader's language.</summary>
public static class NetworkWords
{
    /// <summary>Its selector matches no pod.</summary>
    public const string NoEndpoints = nameof(NoEndpoints);

    /// <summary>It has endpoints, of which none takes traffic.</summary>
    public const string NoneReady = nameof(NoneReady);

    /// <summary>Its workload is switched off.</summary>
    public const string ScaledToZero = nameof(ScaledToZero);

    /// <summary>It names a Service that is not there.</summary>
    public const string BackendMissing = nameof(BackendMissing);

    /// <summary>It names a port that its Service does not have.</summary>
    public const string PortMissing = nameof(PortMissing);

    /// <summary>A Service that it names leads nowhere.</summary>
    public const string BackendNotReady = nameof(BackendNotReady);

    public static readonly IReadOnlySet<string> All = new HashSet<string>(StringComparer.Ordinal) { NoEndpoints, NoneReady, ScaledToZero, BackendMissing, PortMissing, BackendNotReady };
}
