using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Operators;

/// <summary>An account as operators see it: who and whether it works, never what they do in clusters or chats.</summary>
/// <param name="RefusedSignIns">How many sign-ins were refused in the last 24 hours: a forgotten password, or somebody who guesses.</param>
/// <param name="RefusedFrom">From how many networks: one for a forgotten password, many where guesses are spread.</param>
public sealed record DirectoryUser(
    Guid Id, string Name, string Email, PlatformRoles Roles, DateTimeOffset CreatedAt, bool IsConfirmed, bool HasSecondFactor, DateTimeOffset? LastSignInAt, DateTimeOffset? BlockedAt, int Teams, int RefusedSignIns, int RefusedFrom = 0);

/// <summary>The operators' view of accounts (D03): find, block, unblock, grant platform roles. Each act needs a fresh proof (T20) and stands in the log of both sides.</summary>
public sealed class UserDirectory(IDbContextFactory<AppDbContext> contexts, OperatorAccess access, StepUpService stepUp, ActivityLog activity, LessAllowed less, TimeProvider clock)
{
    /// <summary>Accounts by name or address, the newest first.</summary>
    public async Task<Outcome<Page<DirectoryUser>>> ListAsync(Actor actor, string? search, PageRequest page, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var query = db.Users.AsNoTracking().Where(u => u.DeletedAt == null);
        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = SearchText.Anywhere(search);
            query = query.Where(u => EF.Functions.Like(u.NormalizedEmail!.ToLower(), pattern, SearchText.Escape) || EF.Functions.Like(u.Name.ToLower(), pattern, SearchText.Escape));
        }

        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var since = clock.GetUtcNow() - TimeSpan.FromDays(1);
        var items = await query.OrderByDescending(u => u.CreatedAt).ThenBy(u => u.Id).Skip(page.Skip).Take(page.Size)
            .Select(u => new DirectoryUser(
                u.Id, u.Name, u.Email ?? "", u.Roles, u.CreatedAt, u.EmailConfirmed, u.TwoFactorEnabled, u.LastSignInAt, u.BlockedAt, db.Memberships.Count(m => m.UserId == u.Id),
                db.ActivityEntries.Where(e => e.UserId == u.Id && e.Operation == "account.sign_in" && e.Result == ActivityResult.Refused && e.LastAt > since).Sum(e => e.Count)))
            .ToListAsync(ct);
        return new Page<DirectoryUser>(await WithNetworksAsync(db, items, since, ct), total, page);
    }

    private static async Task<IReadOnlyList<DirectoryUser>> WithNetworksAsync(AppDbContext db, List<DirectoryUser> users, DateTimeOffset since, CancellationToken ct)
    {
        var refused = users.Where(u => u.RefusedSignIns > 0).Select(u => u.Id).ToList();
        if (refused.Count == 0)
        {
            return users;
        }

        var rows = await db.ActivityEntries.Where(e => refused.Contains(e.UserId) && e.Operation == "account.sign_in" && e.Result == ActivityResult.Refused && e.LastAt > since && e.Ip != null)
            .Select(e => new { e.UserId, e.Ip, e.Networks }).ToListAsync(ct);
        var networks = rows.ToLookup(r => r.UserId, r => (r.Networks ?? RateLimiter.Network(r.Ip)).Split(','));
        return [.. users.Select(u => u with { RefusedFrom = networks[u.Id].SelectMany(n => n).Distinct().Count() })];
    }

    /// <summary>Blocks an account: its sessions end within seconds, its tokens at once. Nobody blocks themselves.</summary>
    public Task<Outcome> BlockAsync(Actor actor, Guid userId, CancellationToken ct) => ChangeAsync(actor, userId, user =>
    {
        user.BlockedAt ??= clock.GetUtcNow();
        return "operators.block_user";
    }, ct);

    /// <summary>Lets an account in again.</summary>
    public Task<Outcome> UnblockAsync(Actor actor, Guid userId, CancellationToken ct) => ChangeAsync(actor, userId, user =>
    {
        user.BlockedAt = null;
        return "operators.unblock_user";
    }, ct);

    /// <summary>Sets the platform roles. The account signs in anew, so that no session goes on with the old ones; nobody changes their own, so one operator remains.</summary>
    public Task<Outcome> SetRolesAsync(Actor actor, Guid userId, PlatformRoles roles, CancellationToken ct) => ChangeAsync(actor, userId, user =>
    {
        user.Roles = roles & (PlatformRoles.Author | PlatformRoles.Support | PlatformRoles.Operator);
        user.SecurityStamp = Ids.Secret();
        return "operators.set_roles";
    }, ct, roles.ToString());

    private async Task<Outcome> ChangeAsync(Actor actor, Guid userId, Func<User, string> change, CancellationToken ct, string detail = "")
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } unproven)
        {
            return unproven;
        }

        if (userId == actor.UserId)
        {
            return new Failure(FailureKind.Conflict, "operators.not_yourself");
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);

        // Operators' rows are the lock: two who demote each other at once leave one.
        await db.Users.Where(u => (u.Roles & PlatformRoles.Operator) != 0).ExecuteUpdateAsync(s => s.SetProperty(u => u.CreatedBy, u => u.CreatedBy), ct);
        if (!await OperatorAccess.IsAsync(db, actor.UserId, ct))
        {
            return Failure.Forbidden;
        }

        if (await db.Users.SingleOrDefaultAsync(u => u.Id == userId && u.DeletedAt == null, ct) is not { } user)
        {
            return Failure.NotFound;
        }

        var operation = change(user);
        await db.SaveChangesAsync(ct);
        await db.Sessions.Where(s => s.UserId == userId).ExecuteDeleteAsync(ct);
        var what = new ActivityEvent(operation, "user", userId.ToString(), user.Name, Detail: detail);
        await activity.RecordAsync(db, actor, what, ct);
        await activity.RecordAboutAsync(db, userId, actor, what, ct);
        await transaction.CommitAsync(ct);
        less.Tell();
        return Outcome.Ok;
    }
}
