using Anycast.Core.Common;

namespace Anycast.Core.Activity;

/// <summary>
/// One act in a team, in the team's own stream (N6): what a member does elsewhere pushes nothing out of it. The newest 1000 are kept. It holds neither
/// address nor device: those are for the person alone, in their own log.
/// </summary>
public sealed class TeamActivityEntry
{
    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    /// <summary>Number within the team's stream; the key is (TeamId, Seq).</summary>
    [Classified(DataClass.Technical)]
    public long Seq { get; set; }

    /// <summary>Who did it.</summary>
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Contact)]
    public string UserName { get; set; } = "";

    [Classified(DataClass.Activity)]
    public string Operation { get; set; } = "";

    [Classified(DataClass.Activity)]
    public ActivityResult Result { get; set; }

    [Classified(DataClass.Activity)]
    public string TargetKind { get; set; } = "";

    [Classified(DataClass.Activity)]
    public string TargetId { get; set; } = "";

    [Classified(DataClass.Activity)]
    public string TargetName { get; set; } = "";

    [Classified(DataClass.Activity)]
    public string Detail { get; set; } = "";

    [Classified(DataClass.Activity)]
    public DateTimeOffset At { get; set; }

    /// <summary>Last time, for repeats.</summary>
    [Classified(DataClass.Activity)]
    public DateTimeOffset LastAt { get; set; }

    /// <summary>How often, for repeats.</summary>
    [Classified(DataClass.Activity)]
    public int Count { get; set; } = 1;
}
