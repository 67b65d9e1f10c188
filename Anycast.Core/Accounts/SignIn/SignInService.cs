using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace Anycast.Core.Accounts.SignIn;

/// <summary>Where a sign-in stands after a step.</summary>
/// <param name="User">Whose it is.</param>
/// <param name="SecondFactorSecret">Null: complete, the host opens the session. Else the secret for the browser's cookie, while the second factor is asked.</param>
public sealed record SignInStep(User User, string? SecondFactorSecret)
{
    public bool IsComplete => SecondFactorSecret is null;
}

/// <summary>
/// Decides whether somebody may sign in. Every way in ends in <see cref="ProceedAsync"/>, which asks for the second factor where there is one (T17).
/// The host turns a complete step into a session and its cookie.
/// </summary>
public sealed class SignInService(
    IDbContextFactory<AppDbContext> contexts,
    PasswordHasher hasher,
    ILookupNormalizer normalizer,
    SignInAttempts attempts,
    SecondFactorCheck secondFactor,
    RateLimiter limiter,
    ActivityLog activity,
    NotificationService notifications,
    IConfiguration configuration,
    TimeProvider clock)
{
    private static readonly Failure s_wrong = new(FailureKind.Invalid, "accounts.sign_in_wrong");
    private static readonly Failure s_pinWrong = new(FailureKind.Invalid, "accounts.pin_wrong");
    private static readonly Failure s_over = new(FailureKind.Expired, "accounts.attempt_over");

    /// <summary>
    /// By password. Unknown address, wrong password, blocked and unconfirmed look the same and take the same time, but for the owner of the
    /// right password, who is told that the address still wants confirming.
    /// </summary>
    public async Task<Outcome<SignInStep>> PasswordAsync(string email, string password, string? ip, string? device, CancellationToken ct)
    {
        var normalized = normalizer.NormalizeEmail(email.Trim());
        var network = RateLimiter.Network(ip);
        if ((await limiter.TakeAsync(RateLimitTable.SignIn, normalized + "/" + network, ct)
            ?? await limiter.TakeAsync(RateLimitTable.SignInByAddress, network, ct)) is { } tooMany)
        {
            return tooMany;
        }

        if (password.Length > AccountsOptions.PasswordMaxLength * 4)
        {
            return s_wrong; // Nobody has such a password; nothing is hashed (T16).
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.SingleOrDefaultAsync(u => u.NormalizedEmail == normalized, ct);
        if (user?.PasswordHash is null)
        {
            await hasher.VerifyNothingAsync(password, ct);
            return s_wrong;
        }

        var verified = await hasher.VerifyAsync(user.PasswordHash, password, ct);
        if (verified == PasswordVerificationResult.Failed || user.BlockedAt is not null || user.DeletedAt is not null)
        {
            await RecordAsync(user, ip, device, ActivityResult.Refused, ct);
            return s_wrong;
        }

        if (!user.EmailConfirmed)
        {
            return new Failure(FailureKind.Forbidden, "accounts.unconfirmed");
        }

        // Who knows the password guesses nothing: signing in often locks nobody out, and wrong tries stay counted.
        await limiter.GiveBackAsync(RateLimitTable.SignIn, normalized + "/" + network, ct);
        if (verified == PasswordVerificationResult.SuccessRehashNeeded)
        {
            var hash = await hasher.HashAsync(password, ct);
            await db.Users.Where(u => u.Id == user.Id && u.PasswordHash == user.PasswordHash).ExecuteUpdateAsync(s => s.SetProperty(u => u.PasswordHash, hash), ct);
        }

        return await ProceedAsync(user.Id, ip, device, isStrong: false, ct);
    }

    /// <summary>By the PIN that was mailed, in the browser that asked for it.</summary>
    public async Task<Outcome<SignInStep>> PinAsync(string browserSecret, string pin, string? ip, string? device, CancellationToken ct)
    {
        if (await limiter.TakeAsync(RateLimitTable.SignInByAddress, RateLimiter.Network(ip), ct) is { } tooMany)
        {
            return tooMany;
        }

        // A browser whose address has no account gets the same answer as one with a wrong code.
        if (await attempts.FindAsync(browserSecret, AttemptKind.Pin, ct) is not { } attempt || !await attempts.CountAsync(attempt, ct))
        {
            return s_pinWrong;
        }

        if (!attempts.IsCode(attempt, SecondFactorService.Clean(pin)))
        {
            await attempts.EndIfSpentAsync(attempt, ct);
            await RefusedAsync(attempt.UserId, ip, device, ct);
            return s_pinWrong;
        }

        return await attempts.EndAsync(attempt, ct) ? await ProceedAsync(attempt.UserId, ip, device, isStrong: false, ct) : s_over;
    }

    /// <summary>By what the sign-in of a browser may be completed; null when it waits for no second factor.</summary>
    public async Task<StepUpWays?> SecondFactorWaysAsync(string browserSecret, CancellationToken ct)
    {
        if (await attempts.FindAsync(browserSecret, AttemptKind.SecondFactor, ct) is not { } attempt)
        {
            return null;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return new StepUpWays(
            Password: false,
            Code: true,
            await db.UserPasskeys.AnyAsync(p => p.UserId == attempt.UserId, ct),
            await db.TotpDevices.AnyAsync(d => d.UserId == attempt.UserId && d.EnabledAt != null, ct));
    }

    /// <summary>The second factor: a code of the app, or a recovery code.</summary>
    public async Task<Outcome<SignInStep>> SecondFactorAsync(string browserSecret, string code, string? ip, string? device, CancellationToken ct)
    {
        if (await attempts.FindAsync(browserSecret, AttemptKind.SecondFactor, ct) is not { } attempt || !await attempts.CountAsync(attempt, ct))
        {
            return s_over;
        }

        if (await secondFactor.TakeAsync(attempt.UserId, code, ct) is { IsOk: false } wrong)
        {
            await attempts.EndIfSpentAsync(attempt, ct);
            await RefusedAsync(attempt.UserId, ip, device, ct);
            return wrong.Failure;
        }

        return await attempts.EndAsync(attempt, ct) ? await ProceedAsync(attempt.UserId, ip, device, isStrong: true, ct) : s_over;
    }

    /// <summary>
    /// The end of every way in. <paramref name="isStrong"/>: two factors were shown already (code after password or PIN, or a passkey that
    /// verified its user).
    /// </summary>
    internal async Task<Outcome<SignInStep>> ProceedAsync(Guid userId, string? ip, string? device, bool isStrong, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.SingleOrDefaultAsync(u => u.Id == userId && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null, ct);
        if (user is null)
        {
            return s_wrong;
        }

        if (user.TwoFactorEnabled && !isStrong)
        {
            var secret = await attempts.BeginAsync(db, user.Id, AttemptKind.SecondFactor, code: null, ct);
            await db.SaveChangesAsync(ct);
            return new SignInStep(user, secret);
        }

        user.PreviousSignInAt = user.LastSignInAt;
        user.PreviousSignInIp = user.LastSignInIp;
        user.LastSignInAt = clock.GetUtcNow();
        user.LastSignInIp = ip;
        await db.SaveChangesAsync(ct);
        await TellOfNewDeviceAsync(db, user, ip, device, ct);
        await RecordAsync(user, ip, device, ActivityResult.Done, ct);
        return new SignInStep(user, null);
    }

    /// <summary>A browser and system that this account has not signed in from before is told to its owner, here and by mail (ASVS 6.3.5). The first one of all is no news.</summary>
    private async Task TellOfNewDeviceAsync(AppDbContext db, User user, string? ip, string? device, CancellationToken ct)
    {
        if (user.PreviousSignInAt is null || string.IsNullOrEmpty(device)
            || await db.ActivityEntries.AnyAsync(e => e.UserId == user.Id && e.Operation == "account.sign_in" && e.Result == ActivityResult.Done && e.Device == device, ct))
        {
            return;
        }

        var root = Uri.TryCreate(configuration["Anycast:PublicUrl"], UriKind.Absolute, out var configured) ? configured : null;
        await notifications.SendAsync(Recipients.For(user), new NewNotification(NotificationType.Security, "new_device", [device, ip ?? "–"], "/me/sessions"), root, ct);
    }

    private async Task RefusedAsync(Guid userId, string? ip, string? device, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await RecordAsync(await db.Users.AsNoTracking().SingleAsync(u => u.Id == userId, ct), ip, device, ActivityResult.Refused, ct);
    }

    private Task RecordAsync(User user, string? ip, string? device, ActivityResult result, CancellationToken ct) =>
        activity.RecordAsync(ActorFactory.For(user, ip: ip, device: device), new ActivityEvent("account.sign_in", "user", user.Id.ToString(), Result: result), ct);
}
