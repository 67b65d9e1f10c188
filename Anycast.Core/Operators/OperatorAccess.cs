using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Operators;

/// <summary>Whether an actor is an operator now, read from the database at each call: a role that was taken away holds at once. A token never is.</summary>
public sealed class OperatorAccess(IDbContextFactory<AppDbContext> contexts)
{
    public async Task<Outcome> RequireAsync(Actor actor, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return await IsAsync(db, actor.UserId, ct) ? Outcome.Ok : Failure.Forbidden;
    }

    internal static Task<bool> IsAsync(AppDbContext db, Guid userId, CancellationToken ct) =>
        db.Users.AnyAsync(u => u.Id == userId && (u.Roles & PlatformRoles.Operator) != 0 && u.BlockedAt == null && u.DeletedAt == null, ct);
}
