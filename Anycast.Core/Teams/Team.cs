using Anycast.Core.Common;

namespace Anycast.Core.Teams;

/// <summary>A tenant.</summary>
public sealed class Team
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    /// <summary>Name in URLs, unique, lower case.</summary>
    [Classified(DataClass.Team)]
    public string Slug { get; set; } = "";

    [Classified(DataClass.Team)]
    public string Name { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Whether members (not only admins and owners) may approve changes (DESIGN §6).</summary>
    [Classified(DataClass.Team)]
    public bool MembersMayApprove { get; set; } = true;

    /// <summary>Whether only members with a second factor get in (D07).</summary>
    [Classified(DataClass.Team)]
    public bool RequiresSecondFactor { get; set; }

    /// <summary>Blocked by an operator since then.</summary>
    [Classified(DataClass.Team)]
    public DateTimeOffset? BlockedAt { get; set; }

    /// <summary>The team that holds the sandbox cluster.</summary>
    [Classified(DataClass.Technical)]
    public bool IsDemo { get; set; }
}
