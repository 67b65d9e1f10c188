using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Beta;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Teams;

/// <summary>A team as its members see it in lists.</summary>
public sealed record TeamSummary(Guid Id, string Slug, string Name, TeamRole Role, bool IsDemo)
{
    /// <summary>Whether the member gets in; the frame offers no page of a team that is closed to them.</summary>
    public TeamDoor Door { get; init; }
}

/// <summary>A member as other members see them.</summary>
public sealed record TeamMember(Guid UserId, string Name, string Email, TeamRole Role, DateTimeOffset JoinedAt, Guid? AvatarId);

/// <summary>Teams and their members (D11, U03).</summary>
public sealed class TeamService(IDbContextFactory<AppDbContext> contexts, TeamAccess access, BetaService beta, ActivityLog activity, TimeProvider clock)
{
    private const int NameMaxLength = 80;
    private const int TeamsPerUser = 50;

    /// <summary>The actor's teams, by name.</summary>
    public async Task<IReadOnlyList<TeamSummary>> ListAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Memberships.AsNoTracking()
            .Where(m => m.UserId == actor.UserId && (actor.Kind != ActorKind.ApiToken || m.TeamId == actor.TokenTeamId))
            .Join(db.Users.Where(u => u.BlockedAt == null && u.DeletedAt == null), m => m.UserId, u => u.Id, (m, u) => new { m.Role, Team = m.Team!, u.TwoFactorEnabled })
            .OrderBy(m => m.Team.Name)
            .Select(m => new TeamSummary(m.Team.Id, m.Team.Slug, m.Team.Name, m.Role, m.Team.IsDemo)
            {
                Door = m.Team.BlockedAt != null ? TeamDoor.Blocked : m.Team.RequiresSecondFactor && !m.TwoFactorEnabled ? TeamDoor.SecondFactorNeeded : TeamDoor.Open,
            })
            .Take(TeamsPerUser).ToListAsync(ct);
    }

    /// <summary>What the actor may do in a team; NotFound when they are not a member.</summary>
    public Task<Outcome<TeamGrant>> GetAsync(Actor actor, string slug, CancellationToken ct) => access.AuthorizeAsync(actor, slug, Permission.TeamView, ct);

    /// <summary>Makes a team with the actor as its owner.</summary>
    public async Task<Outcome<TeamSummary>> CreateAsync(Actor actor, string name, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        if (CheckName(name) is { } invalid)
        {
            return invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (!await db.Users.AnyAsync(u => u.Id == actor.UserId && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null, ct))
        {
            return Failure.Forbidden;
        }

        if (await db.Memberships.CountAsync(m => m.UserId == actor.UserId, ct) >= TeamsPerUser)
        {
            return new Failure(FailureKind.TooMany, "teams.too_many", TeamsPerUser);
        }

        return await InsertAsync(actor, name.Trim(), isDemo: false, ct);
    }

    /// <summary>The demo team of this installation, made with <paramref name="owner"/> as its owner if there is none.</summary>
    public async Task<TeamSummary> EnsureDemoAsync(Actor owner, CancellationToken ct)
    {
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            if (await db.Teams.AsNoTracking().FirstOrDefaultAsync(t => t.IsDemo, ct) is { } team)
            {
                return new TeamSummary(team.Id, team.Slug, team.Name, TeamRole.Owner, true);
            }
        }

        return await InsertAsync(owner, "Demo", isDemo: true, ct);
    }

    /// <summary>Renames a team; its slug, and with it every link, stays.</summary>
    public async Task<Outcome> RenameAsync(Actor actor, string slug, string name, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, slug, Permission.TeamManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (CheckName(name) is { } invalid)
        {
            return invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Teams.Where(t => t.Id == grant.Value.TeamId).ExecuteUpdateAsync(s => s.SetProperty(t => t.Name, name.Trim()), ct);
        await activity.RecordAsync(actor, new ActivityEvent("teams.rename", "team", grant.Value.TeamId.ToString(), name.Trim(), grant.Value.TeamId), ct);
        return Outcome.Ok;
    }

    /// <summary>Sets whether members may approve changes.</summary>
    public async Task<Outcome> SetMembersMayApproveAsync(Actor actor, string slug, bool allowed, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, slug, Permission.TeamManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Teams.Where(t => t.Id == grant.Value.TeamId).ExecuteUpdateAsync(s => s.SetProperty(t => t.MembersMayApprove, allowed), ct);
        await activity.RecordAsync(actor, new ActivityEvent("teams.members_may_approve", "team", grant.Value.TeamId.ToString(), grant.Value.Name, grant.Value.TeamId, Detail: allowed ? "on" : "off"), ct);
        return Outcome.Ok;
    }

    /// <summary>Sets whether only members with a second factor get in; whoever turns it on has one, else they would lock themselves out.</summary>
    public async Task<Outcome> SetRequiresSecondFactorAsync(Actor actor, string slug, bool required, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, slug, Permission.TeamManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (required && !await db.Users.AnyAsync(u => u.Id == actor.UserId && u.TwoFactorEnabled, ct))
        {
            return new Failure(FailureKind.Conflict, "teams.second_factor_first");
        }

        await db.Teams.Where(t => t.Id == grant.Value.TeamId).ExecuteUpdateAsync(s => s.SetProperty(t => t.RequiresSecondFactor, required), ct);
        await activity.RecordAsync(actor, new ActivityEvent("teams.require_second_factor", "team", grant.Value.TeamId.ToString(), grant.Value.Name, grant.Value.TeamId, Detail: required ? "on" : "off"), ct);
        return Outcome.Ok;
    }

    /// <summary>The members of a team.</summary>
    public async Task<Outcome<Page<TeamMember>>> MembersAsync(Actor actor, string slug, PageRequest page, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, slug, Permission.TeamView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var query = db.Memberships.AsNoTracking().Where(m => m.TeamId == grant.Value.TeamId);
        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var items = await query.Join(db.Users, m => m.UserId, u => u.Id, (m, u) => new { m, u })
            .OrderByDescending(x => x.m.Role).ThenBy(x => x.u.Name).Skip(page.Skip).Take(page.Size)
            .Select(x => new TeamMember(x.u.Id, x.u.Name, x.u.Email ?? "", x.m.Role, x.m.JoinedAt, db.Avatars.Where(a => a.UserId == x.u.Id).Select(a => (Guid?)a.Id).FirstOrDefault())).ToListAsync(ct);
        return new Page<TeamMember>(items, total, page);
    }

    /// <summary>A team's activity, newest first.</summary>
    public async Task<Outcome<Page<ActivityEntry>>> ActivityAsync(Actor actor, string slug, ActivityFilter filter, PageRequest page, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, slug, Permission.ActivityView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        // Over the API it is a feature for those who take part (D08).
        if (actor.Kind == ActorKind.ApiToken && await beta.RequireAsync(actor, BetaCatalogue.ActivityApi, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        return await activity.TeamAsync(grant.Value.TeamId, filter, page, ct);
    }

    private async Task<TeamSummary> InsertAsync(Actor owner, string name, bool isDemo, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var now = clock.GetUtcNow();
            var wanted = Ids.Slug(name, "team");
            var slug = attempt == 0 ? wanted : $"{wanted[..Math.Min(wanted.Length, 33)]}-{Ids.Secret()[..6].ToLowerInvariant().Replace('_', 'x').Replace('-', 'x')}";
            var team = new Team { Id = Ids.New(clock), Slug = slug, Name = name, CreatedAt = now, IsDemo = isDemo };
            db.Teams.Add(team);
            db.Memberships.Add(new Membership { TeamId = team.Id, UserId = owner.UserId, Role = TeamRole.Owner, JoinedAt = now });
            try
            {
                await using var transaction = await db.Database.BeginTransactionAsync(ct);
                await db.SaveChangesAsync(ct);
                await activity.RecordAsync(db, owner, new ActivityEvent("teams.create", "team", team.Id.ToString(), name, team.Id), ct);
                await transaction.CommitAsync(ct);
                return new TeamSummary(team.Id, slug, name, TeamRole.Owner, isDemo);
            }
            catch (DbUpdateException) when (attempt < 5)
            {
                // The slug is taken: the next try adds a random ending.
            }
        }
    }

    private static Failure? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) ? new Failure(FailureKind.Invalid, "teams.name_missing")
        : name.Trim().Length > NameMaxLength || name.Any(char.IsControl) ? new Failure(FailureKind.Invalid, "teams.name_invalid", NameMaxLength)
        : null;
}
