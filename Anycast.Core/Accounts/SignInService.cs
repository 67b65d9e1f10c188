using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts;

/// <summary>Decides whether somebody may sign in. The host turns a success into a session and its cookie.</summary>
public sealed class SignInService(
    IDbContextFactory<AppDbContext> contexts,
    PasswordHasher hasher,
    ILookupNormalizer normalizer,
    RateLimiter limiter,
    ActivityLog activity,
    TimeProvider clock)
{
    private static readonly Failure s_wrong = new(FailureKind.Invalid, "accounts.sign_in_wrong");

    /// <summary>
    /// By password. Unknown address, wrong password, blocked and unconfirmed look the same and take the same time, but for the owner of the
    /// right password, who is told that the address still wants confirming.
    /// </summary>
    public async Task<Outcome<User>> PasswordAsync(string email, string password, string? ip, string? device, CancellationToken ct)
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
            hasher.VerifyNothing(password);
            return s_wrong;
        }

        var verified = hasher.VerifyHashedPassword(user, user.PasswordHash, password);
        var actor = ActorFactory.For(user, ip: ip, device: device);
        if (verified == PasswordVerificationResult.Failed || user.BlockedAt is not null || user.DeletedAt is not null)
        {
            await activity.RecordAsync(actor, new ActivityEvent("account.sign_in", "user", user.Id.ToString(), Result: ActivityResult.Refused), ct);
            return s_wrong;
        }

        if (!user.EmailConfirmed)
        {
            return new Failure(FailureKind.Forbidden, "accounts.unconfirmed");
        }

        if (verified == PasswordVerificationResult.SuccessRehashNeeded)
        {
            user.PasswordHash = hasher.HashPassword(user, password);
        }

        user.PreviousSignInAt = user.LastSignInAt;
        user.PreviousSignInIp = user.LastSignInIp;
        user.LastSignInAt = clock.GetUtcNow();
        user.LastSignInIp = ip;
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(actor, new ActivityEvent("account.sign_in", "user", user.Id.ToString()), ct);
        return user;
    }
}
