using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Activity;

/// <summary>The team's own stream of activity, written beside each member's log.</summary>
internal static class TeamStream
{
    /// <summary>Writes one act within the caller's transaction. A team that is gone has no stream.</summary>
    public static async Task WriteAsync(AppDbContext db, Guid teamId, Actor actor, ActivityEvent what, DateTimeOffset now, CancellationToken ct)
    {
        if (!await db.Teams.AnyAsync(t => t.Id == teamId, ct) || await CoalesceAsync(db, teamId, actor, what, now, ct))
        {
            return;
        }

        db.TeamActivityEntries.Add(new TeamActivityEntry
        {
            TeamId = teamId,
            Seq = await db.NextAsync(teamId, UserLog.TeamActivity, ct),
            UserId = actor.UserId,
            UserName = ActivityLog.Cut(actor.Name, 400),
            Operation = what.Operation,
            Result = what.Result,
            TargetKind = what.TargetKind,
            TargetId = ActivityLog.Cut(what.TargetId, 400),
            TargetName = ActivityLog.Cut(what.TargetName, 400),
            Detail = ActivityLog.Cut(what.Detail, 200),
            At = now,
            LastAt = now,
        });
        await db.SaveChangesAsync(ct);
        await TrimAsync(db, teamId, ct);
    }

    /// <summary>The stream in the form of the log, for the pages that show both.</summary>
    public static IQueryable<ActivityEntry> Of(AppDbContext db, Guid teamId) => db.TeamActivityEntries.AsNoTracking().Where(e => e.TeamId == teamId).Select(e => new ActivityEntry
    {
        UserId = e.UserId,
        Seq = e.Seq,
        TeamId = e.TeamId,
        UserName = e.UserName,
        Operation = e.Operation,
        Result = e.Result,
        TargetKind = e.TargetKind,
        TargetId = e.TargetId,
        TargetName = e.TargetName,
        Detail = e.Detail,
        At = e.At,
        LastAt = e.LastAt,
        Count = e.Count,
    });

    // As in a person's log: what was refused repeats in floods.
    private static async Task<bool> CoalesceAsync(AppDbContext db, Guid teamId, Actor actor, ActivityEvent what, DateTimeOffset now, CancellationToken ct)
    {
        if (what.Result == ActivityResult.Done)
        {
            return false;
        }

        var since = now - ActivityLog.CoalesceWithin;
        var latest = await db.TeamActivityEntries
            .Where(e => e.TeamId == teamId && e.UserId == actor.UserId && e.Operation == what.Operation && e.TargetId == what.TargetId && e.Result == what.Result && e.LastAt >= since)
            .OrderByDescending(e => e.Seq).Select(e => (long?)e.Seq).FirstOrDefaultAsync(ct);
        return latest is { } seq && await db.TeamActivityEntries.Where(e => e.TeamId == teamId && e.Seq == seq)
            .ExecuteUpdateAsync(s => s.SetProperty(e => e.Count, e => e.Count + 1).SetProperty(e => e.LastAt, now), ct) > 0;
    }

    private static async Task TrimAsync(AppDbContext db, Guid teamId, CancellationToken ct)
    {
        var counter = db.UserCounters.Where(c => c.UserId == teamId && c.Log == UserLog.TeamActivity);
        if (await counter.Select(c => c.Count).SingleAsync(ct) <= ActivityLog.KeptPerTeam)
        {
            return;
        }

        var cutOff = await db.TeamActivityEntries.Where(e => e.TeamId == teamId).OrderByDescending(e => e.Seq).Skip(ActivityLog.KeptPerTeam).Select(e => (long?)e.Seq).FirstOrDefaultAsync(ct);
        if (cutOff is { } seq)
        {
            var gone = await db.TeamActivityEntries.Where(e => e.TeamId == teamId && e.Seq <= seq).ExecuteDeleteAsync(ct);
            await counter.ExecuteUpdateAsync(s => s.SetProperty(c => c.Count, c => c.Count - gone), ct);
        }
    }
}
