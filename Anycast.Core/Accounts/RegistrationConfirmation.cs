using Anycast.Core.Accounts.Terms;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts;

/// <summary>
/// Confirms registrations (D04). Anybody can register anybody's address, so a click on a link says only who has the mailbox. The password typed at
/// the registration is asked for too: the account gets the data of the registration whose password it is, and nobody else's.
/// </summary>
public sealed class RegistrationConfirmation(
    IDbContextFactory<AppDbContext> contexts,
    PasswordHasher hasher,
    ILookupNormalizer normalizer,
    AccountTokens tokens,
    MailQueue mail,
    EqualTime equalTime,
    ActivityLog activity,
    RateLimiter limiter,
    TimeProvider clock)
{
    /// <summary>How many registrations of an address a password is compared with: each comparison is slow on purpose.</summary>
    private const int MostCompared = 10;

    /// <summary>Sends the link again, if there is an account waiting for it. Answers the same in any case.</summary>
    public Task<Outcome> ResendAsync(string email, string? ip, Func<string, Uri> link, CancellationToken ct) => equalTime.RunAsync(async () =>
    {
        var normalized = normalizer.NormalizeEmail(email.Trim());
        var network = RateLimiter.Network(ip);
        if ((await limiter.TakeAsync(RateLimitTable.ConfirmationMails, $"{normalized} {network}", ct)
            ?? await limiter.TakeAsync(RateLimitTable.ConfirmationMailsInAll, normalized, ct)
            ?? await limiter.TakeAsync(RateLimitTable.SignInByAddress, network, ct)) is { } tooMany)
        {
            return (Outcome)tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.NormalizedEmail == normalized && !u.EmailConfirmed, ct) is not { } user)
        {
            return Outcome.Ok;
        }

        // The newest registration; the mail says whose it is. Its link opens the others of the address too, each with its own password.
        var token = await db.AccountTokens.Where(t => t.UserId == user.Id && t.Purpose == TokenPurpose.ConfirmEmail && t.UsedAt == null)
            .OrderByDescending(t => t.CreatedAt).ThenByDescending(t => t.Id).FirstOrDefaultAsync(ct);
        var secret = Ids.Secret();
        if (token is null)
        {
            secret = tokens.MakeForRegistration(db, user.Id, user, user.TermsVersion, ip: null); // Its links are over: the account's own data hold.
        }
        else
        {
            token.Hash = Ids.Hash(secret);
            token.ExpiresAt = clock.GetUtcNow() + AccountsOptions.ConfirmationLifetime;
        }

        user.Name = token?.Name ?? user.Name;
        user.Language = token?.Language ?? user.Language;
        mail.Add(db, AccountMails.Confirm(user, user.Id, token?.CreatedAt ?? user.CreatedAt, link("/account/confirm?token=" + secret)));
        await db.SaveChangesAsync(ct);
        mail.Wake();
        return Outcome.Ok;
    });

    /// <summary>Confirms the address that a link was mailed to, with the password of the registration it is about. A wrong one uses nothing up.</summary>
    public async Task<Outcome<User>> ConfirmAsync(string secret, string password, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await tokens.FindAsync(secret, TokenPurpose.ConfirmEmail, ct) is not { } opened)
        {
            return await DoneAsync(db, secret, ct);
        }

        var tries = "confirm/" + opened.UserId.ToString("N");
        if (await limiter.TakeAsync(RateLimitTable.SignIn, tries, ct) is { } tooMany)
        {
            return tooMany;
        }

        var user = await db.Users.SingleAsync(u => u.Id == opened.UserId, ct);
        if (await MatchAsync(db, user, opened, password, ct) is not { } registration)
        {
            return new Failure(FailureKind.Invalid, "accounts.password_wrong_registered");
        }

        if (await tokens.TakeAsync(secret, TokenPurpose.ConfirmEmail, ct) is null)
        {
            return await DoneAsync(db, secret, ct);
        }

        await limiter.GiveBackAsync(RateLimitTable.SignIn, tries, ct);
        await ApplyAsync(db, user, opened, registration, ct);
        await activity.RecordAsync(ActorFactory.For(user), new ActivityEvent("account.confirm", "user", user.Id.ToString()), ct);
        return user;
    }

    /// <summary>Opened twice, or by two devices: what it was for is done.</summary>
    private async Task<Outcome<User>> DoneAsync(AppDbContext db, string secret, CancellationToken ct) =>
        await tokens.FindUsedAsync(secret, TokenPurpose.ConfirmEmail, ct) is { } used && await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == used.UserId && u.EmailConfirmed, ct) is { } done
            ? done
            : new Failure(FailureKind.Expired, "accounts.link_invalid");

    /// <summary>The registration that the password was typed with: the link's own, or another one of the address that waits. Null: none.</summary>
    private async Task<AccountToken?> MatchAsync(AppDbContext db, User user, AccountToken opened, string password, CancellationToken ct)
    {
        if (password.Length > AccountsOptions.PasswordMaxLength * 4)
        {
            return null;
        }

        var now = clock.GetUtcNow();
        var others = await db.AccountTokens.AsNoTracking()
            .Where(t => t.UserId == user.Id && t.Purpose == TokenPurpose.ConfirmEmail && t.Id != opened.Id && t.UsedAt == null && t.ExpiresAt > now)
            .OrderByDescending(t => t.CreatedAt).Take(MostCompared - 1).ToListAsync(ct);
        foreach (var registration in others.Prepend(opened))
        {
            // A link from before links had data of their own is about the account's.
            if ((registration.PasswordHash ?? user.PasswordHash) is { } hash && await hasher.VerifyAsync(hash, password, ct) != PasswordVerificationResult.Failed)
            {
                return registration;
            }
        }

        return null;
    }

    private async Task ApplyAsync(AppDbContext db, User user, AccountToken opened, AccountToken registration, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (registration.PasswordHash is not null)
        {
            user.Name = registration.Name ?? user.Name;
            user.PasswordHash = registration.PasswordHash;
            user.Language = registration.Language;
            user.SecurityStamp = Ids.Secret();
            if (registration.TermsVersion is { } version)
            {
                await db.TermsAcceptances.Where(a => a.UserId == user.Id).ExecuteDeleteAsync(ct); // Of another registration, perhaps another person's.
                TermsService.Accept(db, user, version, "registration", registration.Ip, registration.CreatedAt, clock);
            }
        }

        user.EmailConfirmed = true;
        user.EmailConfirmedAt ??= clock.GetUtcNow();
        await db.SaveChangesAsync(ct);
        await db.AccountTokens.Where(t => t.UserId == user.Id && t.Purpose == TokenPurpose.ConfirmEmail && t.Id != opened.Id).ExecuteDeleteAsync(ct);
        await db.AccountTokens.Where(t => t.Id == opened.Id).ExecuteUpdateAsync(s => s.SetProperty(t => t.Name, (string?)null).SetProperty(t => t.PasswordHash, (string?)null).SetProperty(t => t.Ip, (string?)null), ct);
        await transaction.CommitAsync(ct);
    }
}
