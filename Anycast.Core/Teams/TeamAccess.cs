using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Teams;

/// <summary>What an actor may do in one team, as read from the database for this call.</summary>
public sealed record TeamGrant(Guid TeamId, string Slug, string Name, TeamRole Role, IReadOnlySet<string> Permissions)
{
    /// <summary>Whether the team asks for a second factor.</summary>
    public bool RequiresSecondFactor { get; init; }

    /// <summary>The team's rule on who may approve changes.</summary>
    public bool MembersMayApprove { get; init; }

    public bool Has(string permission) => Permissions.Contains(permission);
}

/// <summary>
/// Answers for every caller (UI, API, jobs) whether an actor may do something in a team. A team the actor is not a member of answers like one
/// that does not exist. Read at every call, so that a removal holds at once.
/// </summary>
public sealed partial class TeamAccess(IDbContextFactory<AppDbContext> contexts, ILogger<TeamAccess> log)
{
    /// <summary>By the slug of a URL.</summary>
    public Task<Outcome<TeamGrant>> AuthorizeAsync(Actor actor, string slug, string permission, CancellationToken ct) =>
        AuthorizeAsync(actor, m => m.Team!.Slug == slug, permission, ct);

    /// <summary>By id.</summary>
    public Task<Outcome<TeamGrant>> AuthorizeAsync(Actor actor, Guid teamId, string permission, CancellationToken ct) =>
        AuthorizeAsync(actor, m => m.TeamId == teamId, permission, ct);

    private async Task<Outcome<TeamGrant>> AuthorizeAsync(
        Actor actor, System.Linq.Expressions.Expression<Func<Membership, bool>> which, string permission, CancellationToken ct)
    {
        var grant = await DecideAsync(actor, which, permission, ct);
        if (!grant.IsOk && actor.IsUser)
        {
            Refused(log, actor.UserId, actor.Kind, permission, grant.Failure.Code);
        }

        return grant;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Refused: {User} ({Kind}) may not {Permission}: {Why}")]
    private static partial void Refused(ILogger log, Guid user, ActorKind kind, string permission, string why);

    private async Task<Outcome<TeamGrant>> DecideAsync(
        Actor actor, System.Linq.Expressions.Expression<Func<Membership, bool>> which, string permission, CancellationToken ct)
    {
        if (!actor.IsUser)
        {
            return Failure.NotFound;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Memberships.AsNoTracking().Where(m => m.UserId == actor.UserId).Where(which)
            .Join(db.Users, m => m.UserId, u => u.Id, (m, u) => new { m.Role, m.Team, u.TwoFactorEnabled, Usable = u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null })
            .SingleOrDefaultAsync(ct);
        if (found is not { Team: { } team, Usable: true } || (actor.Kind == ActorKind.ApiToken && actor.TokenTeamId != team.Id))
        {
            return Failure.NotFound;
        }

        if (team.BlockedAt is not null)
        {
            return new Failure(FailureKind.Forbidden, "teams.blocked");
        }

        if (team.RequiresSecondFactor && !found.TwoFactorEnabled)
        {
            return new Failure(FailureKind.Forbidden, "teams.second_factor_needed");
        }

        if (actor.Kind == ActorKind.ApiToken && !ScopeTable.Allows(actor.Scopes, permission))
        {
            return new Failure(FailureKind.Forbidden, "tokens.scope_missing");
        }

        var grant = new TeamGrant(team.Id, team.Slug, team.Name, found.Role, RoleTable.For(found.Role, team.MembersMayApprove)) { MembersMayApprove = team.MembersMayApprove, RequiresSecondFactor = team.RequiresSecondFactor };
        return grant.Has(permission) ? grant : Failure.Forbidden;
    }
}
