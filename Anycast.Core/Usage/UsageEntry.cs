using Anycast.Core.Common;

namespace Anycast.Core.Usage;

/// <summary>
/// Tokens of one call to a model (D13). Written once per call: (RunId, Round) is unique, so that a repeated write bills nothing twice.
/// </summary>
public sealed class UsageEntry
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    /// <summary>Number within the user's log; the key is (UserId, Seq), and rows lie in its order.</summary>
    [Classified(DataClass.Technical)]
    public long Seq { get; set; }

    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    /// <summary>The answer it belongs to.</summary>
    [Classified(DataClass.Technical)]
    public Guid RunId { get; set; }

    /// <summary>Which call of the answer: one per round of tools.</summary>
    [Classified(DataClass.Technical)]
    public int Round { get; set; }

    [Classified(DataClass.Usage)]
    public string Provider { get; set; } = "";

    [Classified(DataClass.Usage)]
    public string Model { get; set; } = "";

    /// <summary>All input tokens, cached ones included.</summary>
    [Classified(DataClass.Usage)]
    public long InputTokens { get; set; }

    /// <summary>Of these, read from the provider's cache.</summary>
    [Classified(DataClass.Usage)]
    public long CachedInputTokens { get; set; }

    [Classified(DataClass.Usage)]
    public long OutputTokens { get; set; }

    [Classified(DataClass.Usage)]
    public DateTimeOffset At { get; set; }

    /// <summary>Day in UTC as yyyymmdd, for sums per day.</summary>
    [Classified(DataClass.Usage)]
    public int Day { get; set; }
}
