using System.Globalization;
using System.Security.Cryptography;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.SignIn;

/// <summary>Sign-in by a six-digit code that is mailed (K06).</summary>
public sealed class PinService(
    IDbContextFactory<AppDbContext> contexts,
    ILookupNormalizer normalizer,
    SignInAttempts attempts,
    MailQueue mail,
    RateLimiter limiter,
    EqualTime equalTime)
{
    /// <summary>
    /// Mails a code, if there is such an account. Answers the same in any case: a secret for the cookie of the browser that asked, which alone can
    /// use the code.
    /// </summary>
    public Task<Outcome<string>> SendAsync(string email, string? ip, Func<string, Uri> link, CancellationToken ct) => equalTime.RunAsync(async () =>
    {
        var address = email.Trim();
        if (AccountRules.CheckEmail(address) is { } invalid)
        {
            return (Outcome<string>)invalid;
        }

        var normalized = normalizer.NormalizeEmail(address);
        if ((await limiter.TakeAsync(RateLimitTable.PinMails, $"{normalized} {RateLimiter.Network(ip)}", ct)
            ?? await limiter.TakeAsync(RateLimitTable.PinMailsInAll, normalized, ct)
            ?? await limiter.TakeAsync(RateLimitTable.SignInByAddress, RateLimiter.Network(ip), ct)) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.SingleOrDefaultAsync(u => u.NormalizedEmail == normalized && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null, ct);
        if (user is null)
        {
            return Ids.Secret();
        }

        var pin = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        var secret = await attempts.BeginAsync(db, user.Id, AttemptKind.Pin, pin, ct);
        mail.Add(db, AccountMails.Pin(user, link("/account/login/code"), pin));
        await db.SaveChangesAsync(ct);
        mail.Wake();
        return secret;
    });
}
