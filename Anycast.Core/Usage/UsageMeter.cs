using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Usage;

/// <summary>Tokens of one call to a model.</summary>
public sealed record TokenCount(long Input, long CachedInput, long Output)
{
    public static readonly TokenCount None = new(0, 0, 0);

    public static TokenCount operator +(TokenCount a, TokenCount b) => Add(a, b);

    public static TokenCount Add(TokenCount a, TokenCount b) => new(a.Input + b.Input, a.CachedInput + b.CachedInput, a.Output + b.Output);
}

/// <summary>One call, for <see cref="UsageMeter.RecordAsync"/>.</summary>
public sealed record ModelCall(Guid UserId, Guid TeamId, Guid RunId, int Round, string Provider, string Model, TokenCount Tokens);

/// <summary>Sum per model and day.</summary>
/// <param name="Day">yyyymmdd, UTC.</param>
public sealed record UsageSum(int Day, string Provider, string Model, long Input, long CachedInput, long Output, int Calls);

/// <summary>Counts the tokens that models use: per model (input, cached input, output), user, team and day (D13).</summary>
public sealed class UsageMeter(IDbContextFactory<AppDbContext> contexts, TimeProvider clock)
{
    /// <summary>Days one report may span.</summary>
    public const int DaysPerReport = 92;

    /// <summary>Writes one call; a second write of the same call changes nothing.</summary>
    public async Task RecordAsync(ModelCall call, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var seq = await db.NextAsync(call.UserId, UserLog.Usage, ct);
        if (await db.UsageEntries.AnyAsync(e => e.RunId == call.RunId && e.Round == call.Round, ct))
        {
            return; // The transaction is not committed: the number is not used up.
        }

        var now = clock.GetUtcNow();
        db.UsageEntries.Add(new UsageEntry
        {
            UserId = call.UserId,
            Seq = seq,
            TeamId = call.TeamId,
            RunId = call.RunId,
            Round = call.Round,
            Provider = Cut(call.Provider, 60),
            Model = Cut(call.Model, 120),
            InputTokens = Math.Max(0, call.Tokens.Input),
            CachedInputTokens = Math.Max(0, call.Tokens.CachedInput),
            OutputTokens = Math.Max(0, call.Tokens.Output),
            At = now,
            Day = DayOf(now),
        });
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>What the actor used in a team, per model and day, newest day first. Their own alone: a team's sums are for its managers.</summary>
    public async Task<IReadOnlyList<UsageSum>> OwnAsync(Actor actor, Guid teamId, DateTimeOffset from, CancellationToken ct)
    {
        var oldest = clock.GetUtcNow().AddDays(-DaysPerReport);
        var first = DayOf(from < oldest ? oldest : from);
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.UsageEntries.AsNoTracking()
            .Where(e => e.UserId == actor.UserId && e.TeamId == teamId && e.Day >= first)
            .GroupBy(e => new { e.Day, e.Provider, e.Model })
            .OrderByDescending(g => g.Key.Day).ThenBy(g => g.Key.Provider).ThenBy(g => g.Key.Model)
            .Select(g => new UsageSum(g.Key.Day, g.Key.Provider, g.Key.Model, g.Sum(e => e.InputTokens), g.Sum(e => e.CachedInputTokens), g.Sum(e => e.OutputTokens), g.Count()))
            .ToListAsync(ct);
    }

    /// <summary>A day in UTC as a number: 20260301.</summary>
    public static int DayOf(DateTimeOffset at) => (at.UtcDateTime.Year * 10000) + (at.UtcDateTime.Month * 100) + at.UtcDateTime.Day;

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
