using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Restriction;

/// <summary>
/// Restriction of processing (R05, Art. 18 GDPR): the person puts it on and lifts it. While it is on, what is kept of them stays and is not used: no
/// assistant, no news, no marketing, and nothing of theirs goes by time.
/// </summary>
public sealed class RestrictionService(IDbContextFactory<AppDbContext> contexts, ActivityLog activity, LessAllowed less, TimeProvider clock)
{
    public static readonly Failure Restricted = new(FailureKind.Forbidden, "accounts.restricted");

    /// <summary>Since when the actor's data are restricted; null: they are not.</summary>
    public async Task<DateTimeOffset?> SinceAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Users.Where(u => actor.Kind == ActorKind.User && u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null).Select(u => u.RestrictedAt).SingleOrDefaultAsync(ct);
    }

    /// <summary>Puts it on or lifts it. Only the person does, on their own page: no token, no operator.</summary>
    public async Task<Outcome> SetAsync(Actor actor, bool restricted, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        DateTimeOffset? at = restricted ? clock.GetUtcNow() : null;
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await db.Users.AnyAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct))
        {
            return Failure.NotFound;
        }

        var changed = await db.Users.Where(u => u.Id == actor.UserId && (u.RestrictedAt == null) == restricted).ExecuteUpdateAsync(s => s.SetProperty(u => u.RestrictedAt, at), ct);
        if (changed == 1)
        {
            await activity.RecordAsync(db, actor, new ActivityEvent(restricted ? "account.restrict" : "account.lift_restriction", "user", actor.UserId.ToString()), ct);
            await transaction.CommitAsync(ct);
            less.Tell();
        }

        return Outcome.Ok;
    }

    /// <summary>For what would use a person's data, by their hand or by their token's: succeeds while they did not restrict it. Read at each call.</summary>
    internal async Task<Outcome> RequireUseAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Users.AnyAsync(u => u.Id == actor.UserId && u.RestrictedAt != null, ct) ? Restricted : Outcome.Ok;
    }
}
