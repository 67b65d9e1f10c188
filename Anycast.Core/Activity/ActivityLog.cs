using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Activity;

/// <summary>What happened, for <see cref="ActivityLog.RecordAsync"/>.</summary>
/// <param name="Operation"><c>category.operation</c>, e.g. <c>proposals.approve</c>.</param>
/// <param name="TargetKind">What it was done to: <c>cluster</c>, <c>proposal</c>, <c>user</c> …</param>
/// <param name="TargetId">Id of the target.</param>
/// <param name="TargetName">Its name now.</param>
/// <param name="TeamId">The team whose stream shows it too.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Detail">A short structured addition.</param>
public sealed record ActivityEvent(
    string Operation,
    string TargetKind = "",
    string TargetId = "",
    string TargetName = "",
    Guid? TeamId = null,
    ActivityResult Result = ActivityResult.Done,
    string Detail = "");

/// <summary>Filter of the activity pages; null means any.</summary>
public sealed record ActivityFilter(string? Search = null, string? Category = null);

/// <summary>The activity log (D14, K03).</summary>
public sealed class ActivityLog(IDbContextFactory<AppDbContext> contexts, TimeProvider clock)
{
    /// <summary>How many rows are kept per user; the privacy page takes its figure from here.</summary>
    public const int KeptPerUser = 1000;

    /// <summary>How many rows a team's own stream keeps.</summary>
    public const int KeptPerTeam = 1000;

    /// <summary>Repeats within this time count up one row.</summary>
    public static readonly TimeSpan CoalesceWithin = TimeSpan.FromHours(1);

    /// <summary>Writes in a context and transaction of its own.</summary>
    public async Task RecordAsync(Actor actor, ActivityEvent what, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await RecordAsync(db, actor, what, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Writes within the caller's transaction, so that act and record stand or fall together. The oldest row beyond the cap goes in the same transaction.</summary>
    public async Task RecordAsync(AppDbContext db, Actor actor, ActivityEvent what, CancellationToken ct)
    {
        if (actor.IsUser)
        {
            await WriteAsync(db, actor.UserId, actor, what, ct); // The log is of people; jobs write to the operators' log.
            if (what.TeamId is { } team)
            {
                await TeamStream.WriteAsync(db, team, actor, what, clock.GetUtcNow(), ct);
            }
        }
    }

    /// <summary>What the service did by itself for a team: in the team's stream alone, in the service's name.</summary>
    internal Task RecordOfServiceAsync(AppDbContext db, Guid teamId, ActivityEvent what, CancellationToken ct) =>
        TeamStream.WriteAsync(db, teamId, Actor.System("Anycast"), what, clock.GetUtcNow(), ct);

    /// <summary>Writes into the log of the person it was done to, by the actor's name; the actor's address and device are not theirs to see.</summary>
    public Task RecordAboutAsync(AppDbContext db, Guid userId, Actor actor, ActivityEvent what, CancellationToken ct) =>
        WriteAsync(db, userId, actor with { Ip = null, Device = null }, what, ct);

    private async Task WriteAsync(AppDbContext db, Guid logOf, Actor actor, ActivityEvent what, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (await CoalesceAsync(db, logOf, actor, what, now, ct))
        {
            return;
        }

        var seq = await db.NextAsync(logOf, UserLog.Activity, ct);
        db.ActivityEntries.Add(new ActivityEntry
        {
            UserId = logOf,
            Seq = seq,
            TeamId = what.TeamId,
            Operation = what.Operation,
            Result = what.Result,
            TargetKind = what.TargetKind,
            TargetId = Cut(what.TargetId, 400),
            TargetName = Cut(what.TargetName, 400),
            Detail = Cut(what.Detail, 200),
            UserName = Cut(actor.Name, 400),
            Ip = actor.Ip,
            Device = actor.Device is null ? null : Cut(actor.Device, 120),
            At = now,
            LastAt = now,
        });
        await db.SaveChangesAsync(ct);
        await TrimAsync(db, logOf, ct);
    }

    /// <summary>A user's own log, newest first. A token, which is for one team, sees none of it.</summary>
    public async Task<Page<ActivityEntry>> OwnAsync(Actor actor, ActivityFilter filter, PageRequest page, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await PageAsync(db.ActivityEntries.Where(e => actor.Kind == ActorKind.User && e.UserId == actor.UserId), filter, page, ct);
    }

    /// <summary>A team's stream, newest first. The caller has authorized <paramref name="teamId"/> (Teams stands above Activity).</summary>
    internal async Task<Page<ActivityEntry>> TeamAsync(Guid teamId, ActivityFilter filter, PageRequest page, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await PageAsync(TeamStream.Of(db, teamId), filter, page, ct);
    }

    private static async Task<Page<ActivityEntry>> PageAsync(IQueryable<ActivityEntry> query, ActivityFilter filter, PageRequest page, CancellationToken ct)
    {
        if (!string.IsNullOrWhiteSpace(filter.Category))
        {
            var prefixes = ActivityAreas.Prefixes(filter.Category);
            var (first, second, third) = (prefixes[0], prefixes[prefixes.Count / 2], prefixes[^1]);
            query = query.Where(e => e.Operation.StartsWith(first) || e.Operation.StartsWith(second) || e.Operation.StartsWith(third));
        }

        if (!string.IsNullOrWhiteSpace(filter.Search))
        {
            var pattern = SearchText.Anywhere(filter.Search);
            query = query.Where(e => EF.Functions.Like(e.Operation, pattern, SearchText.Escape) || EF.Functions.Like(e.TargetName.ToLower(), pattern, SearchText.Escape)
                || EF.Functions.Like(e.UserName.ToLower(), pattern, SearchText.Escape));
        }

        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var items = await query.AsNoTracking().OrderByDescending(e => e.LastAt).ThenByDescending(e => e.Seq).Skip(page.Skip).Take(page.Size).ToListAsync(ct);
        return new Page<ActivityEntry>(items, total, page);
    }

    private static async Task<bool> CoalesceAsync(AppDbContext db, Guid logOf, Actor actor, ActivityEvent what, DateTimeOffset now, CancellationToken ct)
    {
        // Only what failed or was refused repeats in floods; done acts each keep their own row.
        if (what.Result == ActivityResult.Done)
        {
            return false;
        }

        var since = now - CoalesceWithin;
        var latest = await db.ActivityEntries
            .Where(e => e.UserId == logOf && e.Operation == what.Operation && e.TargetId == what.TargetId && e.Result == what.Result && e.LastAt >= since)
            .OrderByDescending(e => e.Seq)
            .Select(e => new { e.Seq, e.Ip, e.Device, e.Networks })
            .FirstOrDefaultAsync(ct);
        if (latest is null)
        {
            return false;
        }

        // One row however many take part, which says where the last came from and how many others there were.
        var networks = Networks(latest.Networks, latest.Ip, actor.Ip);
        var (ip, device) = actor.Ip is null ? (latest.Ip, latest.Device) : (actor.Ip, actor.Device is null ? null : Cut(actor.Device, 120));
        return await db.ActivityEntries
            .Where(e => e.UserId == logOf && e.Seq == latest.Seq)
            .ExecuteUpdateAsync(s => s.SetProperty(e => e.Count, e => e.Count + 1).SetProperty(e => e.LastAt, now)
                .SetProperty(e => e.Ip, ip).SetProperty(e => e.Device, device).SetProperty(e => e.Networks, networks), ct) > 0;
    }

    private static string? Networks(string? known, string? last, string? now)
    {
        if (now is null || last is null)
        {
            return known;
        }

        var network = RateLimiter.Network(now);
        var all = (known ?? RateLimiter.Network(last)).Split(',');
        return all.Contains(network) || all.Length >= ActivityEntry.MostNetworks ? known : string.Join(',', [.. all, network]);
    }

    private static async Task TrimAsync(AppDbContext db, Guid userId, CancellationToken ct)
    {
        var count = await db.UserCounters.Where(c => c.UserId == userId && c.Log == UserLog.Activity).Select(c => c.Count).SingleAsync(ct);
        if (count <= KeptPerUser)
        {
            return;
        }

        var cutOff = await db.ActivityEntries.Where(e => e.UserId == userId).OrderByDescending(e => e.Seq).Skip(KeptPerUser).Select(e => (long?)e.Seq).FirstOrDefaultAsync(ct);
        if (cutOff is { } seq)
        {
            var gone = await db.ActivityEntries.Where(e => e.UserId == userId && e.Seq <= seq).ExecuteDeleteAsync(ct);
            await db.UserCounters.Where(c => c.UserId == userId && c.Log == UserLog.Activity)
                .ExecuteUpdateAsync(s => s.SetProperty(c => c.Count, c => c.Count - gone), ct);
        }
    }

    internal static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
