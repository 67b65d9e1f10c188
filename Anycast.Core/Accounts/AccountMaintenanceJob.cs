using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Anycast.Core.Notifications;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Accounts;

/// <summary>Deletes what is over: sessions (K04), links, rate windows, accounts that were never confirmed, and the rows of mails long sent.</summary>
public sealed class AccountMaintenanceJob(
    IDbContextFactory<AppDbContext> contexts, SessionService sessions, NotificationService notifications, RateLimiter limiter, TimeProvider clock, ILogger<AccountMaintenanceJob> log)
{
    /// <summary>An account whose address nobody confirms goes after this time (D04).</summary>
    public static readonly TimeSpan UnconfirmedKept = TimeSpan.FromDays(7);

    /// <summary>How long the row of a sent mail is kept as proof of sending.</summary>
    public static readonly TimeSpan SentMailKept = TimeSpan.FromDays(30);

    public async Task RunAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var ended = await sessions.PurgeAsync(ct);
        await limiter.PurgeAsync(ct);
        await notifications.PurgeAsync(ct);

        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.AccountTokens.Where(t => t.ExpiresAt <= now).ExecuteDeleteAsync(ct);
        await db.PasskeyChallenges.Where(c => c.ExpiresAt <= now).ExecuteDeleteAsync(ct);
        await Beta.BetaService.PurgeAsync(db, ct);
        await db.SignInAttempts.Where(a => a.ExpiresAt <= now).ExecuteDeleteAsync(ct);
        var unconfirmedBefore = now - UnconfirmedKept;
        var unconfirmed = await db.Users.Where(u => !u.EmailConfirmed && u.CreatedAt <= unconfirmedBefore).ExecuteDeleteAsync(ct);
        var sentBefore = now - SentMailKept;
        await db.OutboxMails.Where(m => (m.SentAt != null && m.SentAt <= sentBefore) || (m.Tries >= MailSender.MaxTries && m.CreatedAt <= sentBefore)).ExecuteDeleteAsync(ct);
        log.LogInformation("Account maintenance: {Sessions} sessions ended, {Accounts} unconfirmed accounts removed.", ended, unconfirmed);
    }
}
