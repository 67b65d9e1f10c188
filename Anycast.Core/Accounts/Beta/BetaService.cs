using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Beta;

/// <summary>A feature of the catalogue, and since when the actor takes part.</summary>
public sealed record BetaChoice(BetaFeature Feature, DateTimeOffset? EnrolledAt);

/// <summary>Beta features (D08): what there is, enrol, leave, and the gate that other services ask.</summary>
public sealed class BetaService(IDbContextFactory<AppDbContext> contexts, ActivityLog activity, TimeProvider clock)
{
    /// <summary>The catalogue with the actor's own choices.</summary>
    public async Task<IReadOnlyList<BetaChoice>> ListAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var mine = await db.BetaEnrolments.Where(e => actor.Kind == ActorKind.User && e.UserId == actor.UserId && e.LeftAt == null).ToDictionaryAsync(e => e.Feature, e => e.EnrolledAt, ct);
        return [.. BetaCatalogue.All.Select(f => new BetaChoice(f, mine.TryGetValue(f.Key, out var at) ? at : null))];
    }

    /// <summary>Takes part in a feature from now on.</summary>
    public Task<Outcome> EnrolAsync(Actor actor, string feature, CancellationToken ct) => ChangeAsync(actor, feature, isIn: true, ct);

    /// <summary>Leaves a feature; it is gone at once, on every way in.</summary>
    public Task<Outcome> LeaveAsync(Actor actor, string feature, CancellationToken ct) => ChangeAsync(actor, feature, isIn: false, ct);

    /// <summary>The gate: succeeds while the actor's account takes part. Read at each call, so that leaving holds at once.</summary>
    internal async Task<Outcome> RequireAsync(Actor actor, BetaFeature feature, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return actor.IsUser && await db.BetaEnrolments.AnyAsync(e => e.UserId == actor.UserId && e.Feature == feature.Key && e.LeftAt == null, ct)
            ? Outcome.Ok
            : new Failure(FailureKind.Forbidden, "beta.not_enrolled");
    }

    /// <summary>Deletes enrolments of features that are no longer in the catalogue.</summary>
    internal static Task<int> PurgeAsync(AppDbContext db, CancellationToken ct)
    {
        var known = BetaCatalogue.All.Select(f => f.Key).ToList();
        return db.BetaEnrolments.Where(e => !known.Contains(e.Feature)).ExecuteDeleteAsync(ct);
    }

    private async Task<Outcome> ChangeAsync(Actor actor, string feature, bool isIn, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User || BetaCatalogue.All.All(f => f.Key != feature))
        {
            return Failure.NotFound;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await db.Users.AnyAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct))
        {
            return Failure.NotFound;
        }

        var now = clock.GetUtcNow();
        var row = await db.BetaEnrolments.SingleOrDefaultAsync(e => e.UserId == actor.UserId && e.Feature == feature, ct);
        if ((row is { LeftAt: null }) == isIn)
        {
            return Outcome.Ok;
        }

        if (row is null)
        {
            row = new BetaEnrolment { UserId = actor.UserId, Feature = feature };
            db.BetaEnrolments.Add(row);
        }

        row.EnrolledAt = isIn ? now : row.EnrolledAt;
        row.LeftAt = isIn ? null : now;
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent(isIn ? "account.beta_enrol" : "account.beta_leave", "beta", feature, feature), ct);
        await transaction.CommitAsync(ct);
        return Outcome.Ok;
    }
}
