using Anycast.Core.Common;

namespace Anycast.Core.Teams;

/// <summary>A user's one role in a team (D11).</summary>
public sealed class Membership
{
    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Access)]
    public TeamRole Role { get; set; }

    [Classified(DataClass.Access)]
    public DateTimeOffset JoinedAt { get; set; }

    public Team? Team { get; set; }
}
