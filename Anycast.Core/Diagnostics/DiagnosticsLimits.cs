namespace Anycast.Core.Diagnostics;

/// <summary>Every bound of a diagnosis in one place.</summary>
public static class DiagnosticsLimits
{
    /// <summary>Findings kept of one run; the worst ones.</summary>
    public const int FindingsPerRun = 500;

    /// <summary>Evidence lines kept per finding.</summary>
    public const int EvidencePerFinding = 12;

    /// <summary>Affected objects named per finding.</summary>
    public const int AffectedPerFinding = 10;

    /// <summary>Characters kept of one evidence value or placeholder.</summary>
    public const int ValueLength = 300;

    /// <summary>Age up to which an event still counts as evidence of the present. The API server keeps events for one hour by default.</summary>
    public static readonly TimeSpan EventWindow = TimeSpan.FromHours(2);

    /// <summary>An out-of-memory kill within this time is reported although the container runs again.</summary>
    public static readonly TimeSpan OutOfMemoryWindow = TimeSpan.FromHours(24);

    /// <summary>How long an object may be in deletion beyond its grace period before it counts as stuck.</summary>
    public static readonly TimeSpan DeletionGrace = TimeSpan.FromMinutes(5);

    /// <summary>Share of a quota in use from which on it is reported.</summary>
    public const decimal QuotaNearlyUsed = 0.9m;
}
