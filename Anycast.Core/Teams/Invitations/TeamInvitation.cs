using Anycast.Core.Common;

namespace Anycast.Core.Teams.Invitations;

/// <summary>Where an invitation stands; whether it is over in time is read off <see cref="TeamInvitation.ExpiresAt"/>.</summary>
public enum InvitationState
{
    Pending = 1,
    Accepted = 2,
    Declined = 3,
    Revoked = 4,
}

/// <summary>An invitation into a team (D20): for one address, with one role, good once, for seven days. The link's secret is kept as a hash.</summary>
public sealed class TeamInvitation
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    [Classified(DataClass.Contact)]
    public string Email { get; set; } = "";

    [Classified(DataClass.Contact)]
    public string NormalizedEmail { get; set; } = "";

    [Classified(DataClass.Access)]
    public TeamRole Role { get; set; }

    [Classified(DataClass.Credential)]
    public string Hash { get; set; } = "";

    [Classified(DataClass.Technical)]
    public Guid InvitedBy { get; set; }

    [Classified(DataClass.Access)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Access)]
    public DateTimeOffset ExpiresAt { get; set; }

    [Classified(DataClass.Access)]
    public InvitationState State { get; set; } = InvitationState.Pending;

    [Classified(DataClass.Access)]
    public DateTimeOffset? AnsweredAt { get; set; }

    public Team? Team { get; set; }
}
