using Anycast.Core.Common;

namespace Anycast.Core.Activity;

/// <summary>How an act ended.</summary>
public enum ActivityResult
{
    Done = 1,
    Refused = 2,
    Failed = 3,
}

/// <summary>
/// One act of a user (D14): named <c>category.operation</c>. The newest 1000 per user are kept (K03). Repeats of the same act on the
/// same thing are counted in one row, so that a flood cannot push out the rest.
/// </summary>
public sealed class ActivityEntry
{
    /// <summary>How many different networks one row tells apart.</summary>
    public const int MostNetworks = 100;

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    /// <summary>Number within the user's log; the key is (UserId, Seq), and rows lie in its order.</summary>
    [Classified(DataClass.Technical)]
    public long Seq { get; set; }

    [Classified(DataClass.Technical)]
    public Guid? TeamId { get; set; }

    [Classified(DataClass.Activity)]
    public string Operation { get; set; } = "";

    [Classified(DataClass.Activity)]
    public ActivityResult Result { get; set; }

    [Classified(DataClass.Activity)]
    public string TargetKind { get; set; } = "";

    [Classified(DataClass.Activity)]
    public string TargetId { get; set; } = "";

    /// <summary>The target's name when it happened.</summary>
    [Classified(DataClass.Activity)]
    public string TargetName { get; set; } = "";

    /// <summary>A short structured addition, such as a failure code or a role. Never free text of a person.</summary>
    [Classified(DataClass.Activity)]
    public string Detail { get; set; } = "";

    [Classified(DataClass.Contact)]
    public string UserName { get; set; } = "";

    /// <summary>From where; of repeats, the last time.</summary>
    [Classified(DataClass.Connection)]
    public string? Ip { get; set; }

    /// <summary>The networks that repeats came from, at most <see cref="MostNetworks"/>, with commas; null while it is one. Many of them at once guess together.</summary>
    [Classified(DataClass.Connection)]
    public string? Networks { get; set; }

    [Classified(DataClass.Connection)]
    public string? Device { get; set; }

    /// <summary>First time.</summary>
    [Classified(DataClass.Activity)]
    public DateTimeOffset At { get; set; }

    /// <summary>Last time, for repeats.</summary>
    [Classified(DataClass.Activity)]
    public DateTimeOffset LastAt { get; set; }

    /// <summary>How often, for repeats.</summary>
    [Classified(DataClass.Activity)]
    public int Count { get; set; } = 1;

    /// <summary>How many networks it came from beside the last one.</summary>
    public int OtherNetworks => Networks?.Count(c => c == ',') ?? 0;
}
