using Anycast.Core.Common;

namespace Anycast.Core.Data;

/// <summary>Which per-user log a counter belongs to.</summary>
public enum UserLog
{
    Activity = 1,
    Usage = 2,
    Conversations = 3,
    Notifications = 4,

    /// <summary>A team's own stream; its counter carries the team's id in the place of a user's.</summary>
    TeamActivity = 5,
}

/// <summary>
/// Per user and log: the last sequence number given out and how many rows there are, maintained in the inserting transaction.
/// Retention visits only users over the cap, and rows of a user lie together on disk.
/// </summary>
public sealed class UserCounter
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Technical)]
    public UserLog Log { get; set; }

    [Classified(DataClass.Technical)]
    public long LastSeq { get; set; }

    [Classified(DataClass.Technical)]
    public int Count { get; set; }
}
