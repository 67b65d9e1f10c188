using Anycast.Core.Common;

namespace Anycast.Core.Accounts.Beta;

/// <summary>That an account uses a beta feature, since when and until when (D08).</summary>
public sealed class BetaEnrolment
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Preference)]
    public string Feature { get; set; } = "";

    [Classified(DataClass.Preference)]
    public DateTimeOffset EnrolledAt { get; set; }

    /// <summary>Null while it takes part.</summary>
    [Classified(DataClass.Preference)]
    public DateTimeOffset? LeftAt { get; set; }
}
