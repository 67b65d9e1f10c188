using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Accounts.Terms;

/// <summary>Where an account stands with the terms.</summary>
/// <param name="Current">The version that holds now.</param>
/// <param name="Accepted">The version accepted last, if any.</param>
/// <param name="IsOwed">Whether the account must accept before it goes on.</param>
public sealed record TermsState(string Current, string? Accepted, bool IsOwed);

/// <summary>Acceptance of the terms, with version and time (U10).</summary>
public sealed class TermsService(IDbContextFactory<AppDbContext> contexts, ActivityLog activity, IOptions<TermsOptions> options, TimeProvider clock)
{
    /// <summary>The version that holds now.</summary>
    public string Current => options.Value.Version;

    /// <summary>Where the actor stands. Operators set the terms; they are not asked.</summary>
    public async Task<TermsState> StateAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.Where(u => actor.Kind == ActorKind.User && u.Id == actor.UserId).Select(u => new { u.TermsVersion, u.Roles }).SingleOrDefaultAsync(ct);
        return new TermsState(Current, user?.TermsVersion, user is not null && user.TermsVersion != Current && !user.Roles.HasFlag(PlatformRoles.Operator));
    }

    /// <summary>Accepts the version that the actor was shown; one that no longer holds is refused, so that nobody accepts what they did not see.</summary>
    public async Task<Outcome> AcceptAsync(Actor actor, string version, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        if (version != Current)
        {
            return new Failure(FailureKind.Conflict, "accounts.terms_changed");
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Users.SingleOrDefaultAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct) is not { } user)
        {
            return Failure.NotFound;
        }

        if (user.TermsVersion == version)
        {
            return Outcome.Ok;
        }

        Accept(db, user, version, "asked_again", actor.Ip, clock);
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("account.accept_terms", "terms", version, version), ct);
        await transaction.CommitAsync(ct);
        return Outcome.Ok;
    }

    /// <summary>The actor's own acceptances, the newest first.</summary>
    public async Task<IReadOnlyList<TermsAcceptance>> HistoryAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.TermsAcceptances.AsNoTracking().Where(a => actor.Kind == ActorKind.User && a.UserId == actor.UserId).OrderByDescending(a => a.AcceptedAt).Take(50).ToListAsync(ct);
    }

    /// <summary>Notes an acceptance; stored by the caller's SaveChanges.</summary>
    internal static void Accept(AppDbContext db, User user, string version, string source, string? ip, TimeProvider clock) =>
        Accept(db, user, version, source, ip, clock.GetUtcNow(), clock);

    /// <summary>Notes one that was given at another time than now.</summary>
    internal static void Accept(AppDbContext db, User user, string version, string source, string? ip, DateTimeOffset at, TimeProvider clock)
    {
        user.TermsVersion = version;
        db.TermsAcceptances.Add(new TermsAcceptance { Id = Ids.New(clock), UserId = user.Id, Version = version, AcceptedAt = at, Source = source, Ip = ip });
    }
}
