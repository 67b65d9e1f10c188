using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.SignIn;

/// <summary>By what a person can prove again that it is them.</summary>
/// <param name="Password">By the password; not when a second factor is on, which is stronger.</param>
/// <param name="Code">By a recovery code, or a code of the app if there is one.</param>
/// <param name="Passkey">By a passkey.</param>
/// <param name="App">There is an app to read codes from.</param>
public sealed record StepUpWays(bool Password, bool Code, bool Passkey, bool App);

/// <summary>Sensitive acts ask again when the last proof is older than 15 minutes (T20). The proof stands on the session's row.</summary>
public sealed class StepUpService(
    IDbContextFactory<AppDbContext> contexts,
    PasswordHasher hasher,
    SecondFactorCheck secondFactor,
    RateLimiter limiter,
    ActivityLog activity,
    TimeProvider clock)
{
    /// <summary>How long a proof lasts.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromMinutes(15);

    /// <summary>Succeeds when the actor's session was proven within 15 minutes; <c>accounts.step_up</c> asks for a proof. A token proves nothing.</summary>
    public async Task<Outcome> RequireAsync(Actor actor, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        var since = clock.GetUtcNow() - Lasts;
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Sessions.Where(s => s.Id == actor.SessionId && s.UserId == actor.UserId && s.ProvenAt > since)
            .Join(db.Users.Where(u => u.BlockedAt == null && u.DeletedAt == null), s => s.UserId, u => u.Id, (s, u) => s.Id).AnyAsync(ct)
            ? Outcome.Ok
            : new Failure(FailureKind.Forbidden, "accounts.step_up");
    }

    public async Task<StepUpWays> WaysAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.AsNoTracking().Where(u => u.Id == actor.UserId).Select(u => new { u.TwoFactorEnabled, HasPassword = u.PasswordHash != null, HasPasskey = db.UserPasskeys.Any(p => p.UserId == u.Id), HasApp = db.TotpDevices.Any(d => d.UserId == u.Id && d.EnabledAt != null) }).SingleOrDefaultAsync(ct);
        return new StepUpWays(user is { TwoFactorEnabled: false, HasPassword: true }, user is { TwoFactorEnabled: true }, user is { HasPasskey: true }, user is { HasApp: true });
    }

    /// <summary>Proves by the password (without a second factor) or by a code (with one), and notes it on the session.</summary>
    public async Task<Outcome> ProveAsync(Actor actor, string secret, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User || actor.SessionId is not { } session)
        {
            return Failure.Forbidden;
        }

        var ways = await WaysAsync(actor, ct);
        var proven = ways.Code ? await secondFactor.TakeAsync(actor.UserId, secret, ct)
            : ways.Password ? await PasswordAsync(actor, secret, ct)
            : Failure.Forbidden;
        await activity.RecordAsync(actor, new ActivityEvent("account.step_up", "user", actor.UserId.ToString(), Result: proven.IsOk ? ActivityResult.Done : ActivityResult.Refused), ct);
        if (proven.IsOk)
        {
            await NoteAsync(session, ct);
        }

        return proven;
    }

    /// <summary>Notes a proof that was made elsewhere (a passkey).</summary>
    internal async Task NoteAsync(Guid session, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.Sessions.Where(s => s.Id == session).ExecuteUpdateAsync(s => s.SetProperty(x => x.ProvenAt, now), ct);
    }

    private async Task<Outcome> PasswordAsync(Actor actor, string password, CancellationToken ct)
    {
        if (await limiter.TakeAsync(RateLimitTable.StepUp, actor.UserId.ToString("N"), ct) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == actor.UserId, ct);
        return user?.PasswordHash is { } hash && password.Length <= AccountsOptions.PasswordMaxLength * 4
            && await hasher.VerifyAsync(hash, password, ct) != PasswordVerificationResult.Failed
            ? Outcome.Ok
            : Outcome.Invalid("accounts.password_wrong");
    }
}
