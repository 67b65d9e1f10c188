using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Marketing;

/// <summary>Whether an account wants marketing mail, and since when it said so; never asked: it does not.</summary>
public sealed record MarketingChoice(bool IsGranted, DateTimeOffset? At);

/// <summary>The marketing preference (D06, R07): off until somebody turns it on, with proof of each change. Mails ask for it when they leave.</summary>
public sealed class MarketingService(IDbContextFactory<AppDbContext> contexts, ActivityLog activity, TimeProvider clock)
{
    /// <summary>Names the text beside the choice (<c>Marketing.Text</c> of the notifications page); a changed text gets a new name here.</summary>
    public const string TextVersion = "2026-11-26";

    public const string SourcePage = "notifications";

    /// <summary>The actor's choice as it is now.</summary>
    public async Task<MarketingChoice> GetAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await Newest(db, actor.UserId).Where(c => actor.Kind == ActorKind.User).Select(c => new MarketingChoice(c.IsGranted, c.At)).FirstOrDefaultAsync(ct) ?? new MarketingChoice(false, null);
    }

    /// <summary>Says yes or no; what is said again is no change. Whoever restricted the use of their data says no yes meanwhile.</summary>
    public async Task<Outcome> SetAsync(Actor actor, bool granted, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var user = await db.Users.Where(u => u.Id == actor.UserId && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null).Select(u => new { u.RestrictedAt }).SingleOrDefaultAsync(ct);
        if (user is null)
        {
            return Failure.NotFound;
        }

        if (granted && user.RestrictedAt is not null)
        {
            return new Failure(FailureKind.Conflict, "accounts.restricted");
        }

        if (await HasConsentAsync(db, actor.UserId, ct) == granted)
        {
            return Outcome.Ok;
        }

        db.MarketingConsents.Add(new MarketingConsent
        {
            Id = Ids.New(clock), UserId = actor.UserId, IsGranted = granted, TextVersion = TextVersion, At = clock.GetUtcNow(), Source = SourcePage, Ip = actor.Ip,
        });
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent(granted ? "account.marketing_on" : "account.marketing_off", "user", actor.UserId.ToString(), Detail: TextVersion), ct);
        await transaction.CommitAsync(ct);
        return Outcome.Ok;
    }

    /// <summary>The actor's own changes, the newest first.</summary>
    public async Task<IReadOnlyList<MarketingConsent>> HistoryAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await Newest(db, actor.UserId).AsNoTracking().Where(c => actor.Kind == ActorKind.User).Take(50).ToListAsync(ct);
    }

    internal static async Task<bool> HasConsentAsync(AppDbContext db, Guid userId, CancellationToken ct) => await Newest(db, userId).Select(c => c.IsGranted).FirstOrDefaultAsync(ct);

    // Ids grow with time too: two changes within one tick of the clock keep their order.
    private static IQueryable<MarketingConsent> Newest(AppDbContext db, Guid userId) => db.MarketingConsents.Where(c => c.UserId == userId).OrderByDescending(c => c.At).ThenByDescending(c => c.Id);
}
