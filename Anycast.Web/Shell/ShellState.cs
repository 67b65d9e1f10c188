using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Avatars;
using Anycast.Core.Accounts.Profile;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Web.Shell.Parts;

namespace Anycast.Web.Shell;

/// <summary>What the frame around every page shows: the person and their teams. One per circuit.</summary>
public sealed class ShellState(CurrentActor current, AccountService accounts, PreferenceService preferences, AvatarService avatars, TeamService teams, RestrictionService restriction, Ticker ticker)
{
    private bool _known;

    /// <summary>Raised after <see cref="RefreshAsync"/>.</summary>
    public event Action? Changed;

    public Actor Actor { get; private set; } = Actor.Anonymous;

    /// <summary>The name as it is now; the session's own is as old as the sign-in.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The id of the person's picture; null: initials.</summary>
    public Guid? AvatarId { get; private set; }

    public IReadOnlyList<TeamSummary> Teams { get; private set; } = [];

    /// <summary>
    /// Whether the person may do something in a team, so that the frame offers no page that is forbidden to them; Core decides anyway. Until the teams
    /// are read everything is offered, or the frame of most people would jump.
    /// </summary>
    public bool May(string? team, string permission) =>
        !_known || (Teams.FirstOrDefault(t => t.Slug == team) is { Door: TeamDoor.Open } found && RoleTable.For(found.Role, membersMayApprove: true).Contains(permission));

    /// <summary>The team to begin with: the first whose door is open; null: there is none.</summary>
    public TeamSummary? FirstOpen => Teams.FirstOrDefault(t => t.Door == TeamDoor.Open);

    /// <summary>Since when the person has restricted the use of their data.</summary>
    public DateTimeOffset? RestrictedSince { get; private set; }

    /// <summary>The person's teams as they are now; shows nothing new.</summary>
    public async Task<IReadOnlyList<TeamSummary>> TeamsNowAsync(CancellationToken ct) => await teams.ListAsync(await current.GetAsync(), ct);

    /// <summary>Reads again; pages call it after they changed a name or a team.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        Actor = await current.GetAsync();
        if (Actor.IsUser)
        {
            Teams = await teams.ListAsync(Actor, ct);
            RestrictedSince = await restriction.SinceAsync(Actor, ct);
            AvatarId = await avatars.OwnAsync(Actor, ct);
            ticker.ShowIn((await preferences.GetAsync(Actor, ct)).TimeZone);
            Name = (await accounts.GetAsync(Actor, ct)) is { IsOk: true, Value: { } user } ? user.Name : Actor.Name;
        }
        else
        {
            Teams = [];
            RestrictedSince = null;
            AvatarId = null;
            Name = "";
        }

        _known = true;
        Changed?.Invoke();
    }
}
