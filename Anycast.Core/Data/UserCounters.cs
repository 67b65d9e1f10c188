using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Data;

/// <summary>Gives out sequence numbers of per-user logs.</summary>
public static class UserCounters
{
    /// <summary>
    /// The next number of a user's log. Call inside a transaction together with the insert; the counter's row is the lock
    /// that orders parallel writers of one user.
    /// </summary>
    public static async Task<long> NextAsync(this AppDbContext db, Guid userId, UserLog log, CancellationToken ct)
    {
        var updated = await db.UserCounters
            .Where(c => c.UserId == userId && c.Log == log)
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.LastSeq, c => c.LastSeq + 1).SetProperty(c => c.Count, c => c.Count + 1), ct);
        if (updated == 0)
        {
            // ON CONFLICT works alike on both databases; whoever loses the race increments.
            await db.Database.ExecuteSqlAsync(
                $"""INSERT INTO "UserCounters" ("UserId", "Log", "LastSeq", "Count") VALUES ({userId}, {(int)log}, 1, 1) ON CONFLICT ("UserId", "Log") DO UPDATE SET "LastSeq" = "UserCounters"."LastSeq" + 1, "Count" = "UserCounters"."Count" + 1""",
                ct);
        }

        return await db.UserCounters.Where(c => c.UserId == userId && c.Log == log).Select(c => c.LastSeq).SingleAsync(ct);
    }
}
