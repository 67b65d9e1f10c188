namespace Anycast.Core.Teams;

/// <summary>Roles in a team, weakest first (DESIGN §6).</summary>
public enum TeamRole
{
    Viewer = 1,
    Member = 2,
    Admin = 3,
    Owner = 4,
}
