using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Operators;

/// <summary>A team as operators see it: no cluster, no chat, no member.</summary>
public sealed record DirectoryTeam(Guid Id, string Name, string Slug, DateTimeOffset CreatedAt, int Members, DateTimeOffset? BlockedAt);

/// <summary>The operators' view of teams: find, block, unblock.</summary>
public sealed class TeamDirectory(IDbContextFactory<AppDbContext> contexts, OperatorAccess access, StepUpService stepUp, ActivityLog activity, LessAllowed less, TimeProvider clock)
{
    /// <summary>Teams by name, the newest first.</summary>
    public async Task<Outcome<Page<DirectoryTeam>>> ListAsync(Actor actor, string? search, PageRequest page, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        IQueryable<Team> query = db.Teams.AsNoTracking();
        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = SearchText.Anywhere(search);
            query = query.Where(t => EF.Functions.Like(t.Name.ToLower(), pattern, SearchText.Escape) || EF.Functions.Like(t.Slug, pattern, SearchText.Escape));
        }

        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var items = await query.OrderByDescending(t => t.CreatedAt).ThenBy(t => t.Id).Skip(page.Skip).Take(page.Size)
            .Select(t => new DirectoryTeam(t.Id, t.Name, t.Slug, t.CreatedAt, db.Memberships.Count(m => m.TeamId == t.Id), t.BlockedAt)).ToListAsync(ct);
        return new Page<DirectoryTeam>(items, total, page);
    }

    /// <summary>Blocks or unblocks a team; its members are told by the next thing they do in it. Needs a fresh proof (T20).</summary>
    public async Task<Outcome> SetBlockedAsync(Actor actor, Guid teamId, bool blocked, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } unproven)
        {
            return unproven;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Teams.SingleOrDefaultAsync(t => t.Id == teamId, ct) is not { } team)
        {
            return Failure.NotFound;
        }

        team.BlockedAt = blocked ? team.BlockedAt ?? clock.GetUtcNow() : null;
        await db.SaveChangesAsync(ct);

        // With the team's id: its own stream shows it too.
        await activity.RecordAsync(db, actor, new ActivityEvent(blocked ? "operators.block_team" : "operators.unblock_team", "team", teamId.ToString(), team.Name, teamId), ct);
        await transaction.CommitAsync(ct);
        less.Tell();
        return Outcome.Ok;
    }
}
