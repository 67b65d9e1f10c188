namespace Anycast.Core.Proposals;

/// <summary>The bounds of proposals.</summary>
public static class ProposalLimits
{
    /// <summary>How long a proposal may be approved.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Leaves one proposal may set.</summary>
    public const int Leaves = 20;

    public const int PathLength = 400;

    public const int ValueLength = 2_000;

    /// <summary>Leaves of a diff that are kept; what the patch sets always is.</summary>
    public const int DiffLeaves = 200;

    /// <summary>Largest JSON of a proposal in bytes, as it is before it is sealed.</summary>
    public const int JsonLength = 149_000;

    /// <summary>Largest column in characters: sealed values are a third longer.</summary>
    public const int ColumnLength = 200_000;

    /// <summary>What was approved begins at once; if it has not by now, the process that took the approval died.</summary>
    public static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);

    /// <summary>An execution begun so long ago is not running any more: its process died. Above twice the time of an operation.</summary>
    public static readonly TimeSpan AbandonedAfter = TimeSpan.FromSeconds(75);

    /// <summary>A change needs a moment before health means anything.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(3);

    /// <summary>How long the effect is observed before it is called not yet there.</summary>
    public static readonly TimeSpan ObserveFor = TimeSpan.FromMinutes(3);

    /// <summary>Rows one round of maintenance touches.</summary>
    public const int Batch = 50;
}
