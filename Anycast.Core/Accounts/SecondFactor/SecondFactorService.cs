using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.SecondFactor;

/// <summary>Where a user stands (D07).</summary>
/// <param name="EnabledAt">Since when codes are asked for; null: not at all.</param>
/// <param name="RecoveryCodesLeft">How many recovery codes are left.</param>
/// <param name="HasPasskey">Whether a passkey is a second factor too.</param>
public sealed record SecondFactorStatus(DateTimeOffset? EnabledAt, int RecoveryCodesLeft, bool HasPasskey);

/// <summary>What an authenticator app needs; shown only until the first code proved it.</summary>
public sealed record SecondFactorEnrolment(string Secret, string Uri);

/// <summary>The second factor of accounts: an authenticator app and recovery codes (D07, T17).</summary>
public sealed class SecondFactorService(
    IDbContextFactory<AppDbContext> contexts,
    Sealer sealer,
    StepUpService stepUp,
    RateLimiter limiter,
    MailQueue mail,
    ActivityLog activity,
    TimeProvider clock)
{
    /// <summary>How long a seed waits for its first code.</summary>
    public static readonly TimeSpan EnrolmentLifetime = TimeSpan.FromHours(1);

    private const string Issuer = "Anycast";

    public async Task<SecondFactorStatus> StatusAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var enabled = await db.TotpDevices.Where(d => actor.Kind == ActorKind.User && d.UserId == actor.UserId).Select(d => d.EnabledAt).SingleOrDefaultAsync(ct);
        var isUser = actor.Kind == ActorKind.User;
        return new SecondFactorStatus(
            enabled, await db.RecoveryCodes.CountAsync(c => isUser && c.UserId == actor.UserId, ct), await db.UserPasskeys.AnyAsync(p => isUser && p.UserId == actor.UserId, ct));
    }

    /// <summary>Begins enrolment: the seed for the app, the same one until it is confirmed or an hour is over. Needs a fresh proof.</summary>
    public async Task<Outcome<SecondFactorEnrolment>> BeginAsync(Actor actor, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        var device = await db.TotpDevices.SingleOrDefaultAsync(d => d.UserId == actor.UserId, ct);
        if (device?.EnabledAt is not null)
        {
            return new Failure(FailureKind.Conflict, "accounts.second_factor_on");
        }

        var seed = device is null || device.CreatedAt <= now - EnrolmentLifetime
            ? null
            : await sealer.OpenAsync(KeyOwner.User, actor.UserId, Place(actor.UserId), device.Seed, ct);
        if (seed is null)
        {
            seed = Totp.NewSeed();
            if (device is null)
            {
                device = new TotpDevice { UserId = actor.UserId };
                db.TotpDevices.Add(device);
            }

            device.Seed = await sealer.SealAsync(KeyOwner.User, actor.UserId, Place(actor.UserId), seed, ct);
            device.CreatedAt = now;
            device.LastStep = 0;
            await db.SaveChangesAsync(ct);
        }

        return new SecondFactorEnrolment(Totp.ToBase32(seed), Totp.Uri(Issuer, actor.Email, seed));
    }

    /// <summary>Turns the second factor on with a first code; returns the recovery codes, which are shown this once.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> ConfirmAsync(Actor actor, string code, Func<string, Uri> link, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        if (await limiter.TakeAsync(RateLimitTable.SecondFactor, actor.UserId.ToString("N"), ct) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        var oldest = now - EnrolmentLifetime;
        var device = await db.TotpDevices.AsNoTracking().SingleOrDefaultAsync(d => d.UserId == actor.UserId && d.EnabledAt == null && d.CreatedAt > oldest, ct);
        var seed = device is null ? null : await sealer.OpenAsync(KeyOwner.User, actor.UserId, Place(actor.UserId), device.Seed, ct);
        if (seed is null)
        {
            return new Failure(FailureKind.Expired, "accounts.second_factor_enrolment_over");
        }

        if (Totp.Match(seed, Clean(code), now, 0) is not { } step)
        {
            return new Failure(FailureKind.Invalid, "accounts.code_wrong");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var enabled = await db.TotpDevices.Where(d => d.UserId == actor.UserId && d.EnabledAt == null)
            .ExecuteUpdateAsync(s => s.SetProperty(d => d.EnabledAt, now).SetProperty(d => d.LastStep, step), ct);
        if (enabled != 1)
        {
            return new Failure(FailureKind.Conflict, "accounts.second_factor_on");
        }

        var user = await db.Users.SingleAsync(u => u.Id == actor.UserId, ct);
        user.TwoFactorEnabled = true;
        var codes = await RecoveryCodes.ReplaceAsync(db, actor.UserId, now, ct);
        mail.Add(db, AccountMails.SecondFactorOn(user, link("/me/security")));
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("account.second_factor_on", "user", actor.UserId.ToString()), ct);
        await transaction.CommitAsync(ct);
        await limiter.GiveBackAsync(RateLimitTable.SecondFactor, actor.UserId.ToString("N"), ct); // It was right: no guess.
        mail.Wake();
        return codes;
    }

    /// <summary>Turns the second factor off. Needs a fresh proof; the user is told by mail.</summary>
    public async Task<Outcome> DisableAsync(Actor actor, Func<string, Uri> link, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.TotpDevices.Where(d => d.UserId == actor.UserId).ExecuteDeleteAsync(ct) == 0)
        {
            return Failure.NotFound;
        }

        var user = await db.Users.SingleAsync(u => u.Id == actor.UserId, ct);
        user.TwoFactorEnabled = await db.UserPasskeys.AnyAsync(p => p.UserId == actor.UserId, ct);
        if (!user.TwoFactorEnabled && AccountRules.CheckStandsAlone(user) is { } tooShort)
        {
            return tooShort; // Nothing is committed.
        }

        if (!user.TwoFactorEnabled)
        {
            await db.RecoveryCodes.Where(c => c.UserId == actor.UserId).ExecuteDeleteAsync(ct);
        }

        mail.Add(db, AccountMails.SecondFactorOff(user, link("/me/security")));
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("account.second_factor_off", "user", actor.UserId.ToString()), ct);
        await transaction.CommitAsync(ct);
        mail.Wake();
        return Outcome.Ok;
    }

    /// <summary>New recovery codes; the old ones are void.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> NewRecoveryCodesAsync(Actor actor, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (!await db.Users.AnyAsync(u => u.Id == actor.UserId && u.TwoFactorEnabled, ct))
        {
            return Failure.NotFound;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var codes = await RecoveryCodes.ReplaceAsync(db, actor.UserId, clock.GetUtcNow(), ct);
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("account.recovery_codes", "user", actor.UserId.ToString()), ct);
        await transaction.CommitAsync(ct);
        return codes;
    }

    internal static SealedPlace Place(Guid userId) => new("TotpDevices", userId.ToString("N"), "Seed");

    internal static string Clean(string code) => new([.. code.Where(c => !char.IsWhiteSpace(c))]);
}
