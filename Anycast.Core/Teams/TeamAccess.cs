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

/// <summary>Whether a member gets into a team, and if not, why.</summary>
public enum TeamDoor
{
    Open,

    /// <summary>The operator blocked the team.</summary>
    Blocked,

    /// <summary>The team asks for a second factor, and the member has none.</summary>
    SecondFactorNeeded,
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

    /// <summary>
    /// What somebody is in a team, also where its door is closed to them: nobody is held in a team because the operator blocked it or because it asks
    /// for a second factor that they do not want. Good for leaving, and for nothing else.
    /// </summary>
    public async Task<Outcome<TeamGrant>> ToLeaveAsync(Actor actor, string slug, CancellationToken ct) =>
        await FindAsync(actor, m => m.Team!.Slug == slug, ct) is { } found ? Grant(found) : Failure.NotFound;

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
        if (await FindAsync(actor, which, ct) is not { } found)
        {
            return Failure.NotFound;
        }

        if (found.Team.BlockedAt is not null)
        {
            return new Failure(FailureKind.Forbidden, "teams.blocked");
        }

        if (found.Team.RequiresSecondFactor && !found.HasSecondFactor)
        {
            return new Failure(FailureKind.Forbidden, "teams.second_factor_needed");
        }

        if (actor.Kind == ActorKind.ApiToken && !ScopeTable.Allows(actor.Scopes, permission))
        {
            return new Failure(FailureKind.Forbidden, "tokens.scope_missing");
        }

        var grant = Grant(found);
        return grant.Has(permission) ? grant : Failure.Forbidden;
    }

    /// <summary>The membership of an actor whose account may act; null is what a stranger is told too.</summary>
    private async Task<Found?> FindAsync(Actor actor, System.Linq.Expressions.Expression<Func<Membership, bool>> which, CancellationToken ct)
    {
        if (!actor.IsUser)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Memberships.AsNoTracking().Where(m => m.UserId == actor.UserId).Where(which)
            .Join(db.Users.Where(u => u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null), m => m.UserId, u => u.Id, (m, u) => new { m.Role, m.Team, u.TwoFactorEnabled })
            .SingleOrDefaultAsync(ct);
        return found is not { Team: { } team } || (actor.Kind == ActorKind.ApiToken && actor.TokenTeamId != team.Id) ? null : new Found(team, found.Role, found.TwoFactorEnabled);
    }

    private static TeamGrant Grant(Found found) =>
        new(found.Team.Id, found.Team.Slug, found.Team.Name, found.Role, RoleTable.For(found.Role, found.Team.MembersMayApprove))
        {
            MembersMayApprove = found.Team.MembersMayApprove, RequiresSecondFactor = found.Team.RequiresSecondFactor,
        };

    private sealed record Found(Team Team, TeamRole Role, bool HasSecondFactor);
}
