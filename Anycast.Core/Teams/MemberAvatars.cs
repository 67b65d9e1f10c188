using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Teams;

/// <summary>Who sees whose picture: one's own, and those of people one shares a team with.</summary>
public sealed class MemberAvatars(IDbContextFactory<AppDbContext> contexts)
{
    /// <summary>A picture by the id in its address.</summary>
    public async Task<Outcome<byte[]>> FindAsync(Actor actor, Guid avatarId, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.NotFound;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var mine = db.Memberships.Where(m => m.UserId == actor.UserId).Select(m => m.TeamId);
        return await db.Avatars.Where(a => a.Id == avatarId && (a.UserId == actor.UserId || db.Memberships.Any(m => m.UserId == a.UserId && mine.Contains(m.TeamId))))
            .Where(a => db.Users.Any(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null))
            .Select(a => a.Image).SingleOrDefaultAsync(ct) is { } image ? image : Failure.NotFound;
    }
}
