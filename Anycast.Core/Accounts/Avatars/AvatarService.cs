using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Avatars;

/// <summary>One's own picture: upload, replace, remove (D02). Who sees it is decided in Teams.</summary>
public sealed class AvatarService(IDbContextFactory<AppDbContext> contexts, RateLimiter limiter, ActivityLog activity, TimeProvider clock)
{
    /// <summary>The id of the actor's picture, if there is one.</summary>
    public async Task<Guid?> OwnAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Avatars.Where(a => actor.Kind == ActorKind.User && a.UserId == actor.UserId).Select(a => (Guid?)a.Id).SingleOrDefaultAsync(ct);
    }

    /// <summary>Takes a picture in place of the one before, whose address is void at once.</summary>
    public async Task<Outcome<Guid>> SetAsync(Actor actor, Stream upload, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.NotFound;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (!await db.Users.AnyAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct))
        {
            return Failure.NotFound;
        }

        if (await limiter.TakeAsync(RateLimitTable.Avatars, actor.UserId.ToString("N"), ct) is { } tooMany)
        {
            return tooMany;
        }

        var drawn = await AvatarImage.DrawAsync(upload, ct);
        if (!drawn.IsOk)
        {
            return drawn.Failure;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Avatars.Where(a => a.UserId == actor.UserId).ExecuteDeleteAsync(ct);
        var avatar = new Avatar { UserId = actor.UserId, Id = Guid.NewGuid(), Image = drawn.Value, UploadedAt = clock.GetUtcNow() };
        db.Avatars.Add(avatar);
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("account.set_avatar", "user", actor.UserId.ToString()), ct);
        await transaction.CommitAsync(ct);
        return avatar.Id;
    }

    /// <summary>Removes the picture; initials are shown again.</summary>
    public async Task<Outcome> RemoveAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Avatars.Where(a => actor.Kind == ActorKind.User && a.UserId == actor.UserId).ExecuteDeleteAsync(ct) == 0)
        {
            return Failure.NotFound;
        }

        await activity.RecordAsync(actor, new ActivityEvent("account.remove_avatar", "user", actor.UserId.ToString()), ct);
        return Outcome.Ok;
    }
}
