using Anycast.Core.Accounts.Terms;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Accounts;

/// <summary>What a person types to register.</summary>
/// <param name="Email">The address, which is confirmed by mail.</param>
/// <param name="Name">How others see them.</param>
/// <param name="Password">The password.</param>
/// <param name="Language">Language of the page they registered on.</param>
/// <param name="Terms">The version of the terms that they were shown and accepted; null: they did not.</param>
public sealed record Registration(string Email, string Name, string Password, string? Language, string? Terms = null);

/// <summary>Registration, confirmation, passwords, profile.</summary>
public sealed class AccountService(
    IDbContextFactory<AppDbContext> contexts,
    PasswordHasher hasher,
    ILookupNormalizer normalizer,
    AccountTokens tokens,
    SessionService sessions,
    MailQueue mail,
    EqualTime equalTime,
    ActivityLog activity,
    RateLimiter limiter,
    IOptions<AccountsOptions> options,
    IOptions<TermsOptions> terms,
    TimeProvider clock)
{
    /// <summary>
    /// Registers. The answer is the same whether the address is known or not, and takes the same time; the mail that follows decides (T18).
    /// <paramref name="link"/> makes the link of the mail from a path and query.
    /// </summary>
    public Task<Outcome> RegisterAsync(Registration input, string? ip, Func<string, Uri> link, CancellationToken ct) =>
        equalTime.RunAsync(() => AnswerRegistrationAsync(input, ip, link, ct), floors: 3); // A password is hashed on the way.

    private async Task<Outcome> AnswerRegistrationAsync(Registration input, string? ip, Func<string, Uri> link, CancellationToken ct)
    {
        if (!options.Value.RegistrationOpen)
        {
            return new Failure(FailureKind.Forbidden, "accounts.registration_closed");
        }

        var email = input.Email.Trim();
        if ((AccountRules.CheckName(input.Name) ?? AccountRules.CheckEmail(email) ?? AccountRules.CheckPassword(input.Password, email, input.Name)) is { } invalid)
        {
            return invalid;
        }

        if (input.Terms != terms.Value.Version)
        {
            return Outcome.Invalid("accounts.terms_missing");
        }

        if (await limiter.TakeAsync(RateLimitTable.Registration, RateLimiter.Network(ip), ct) is { } tooMany)
        {
            return tooMany;
        }

        // By the address whether it is known or not, and told: nobody waits for a mail that was not sent.
        var normalized = normalizer.NormalizeEmail(email);
        if ((await limiter.TakeAsync(RateLimitTable.RegistrationMails, $"{normalized} {RateLimiter.Network(ip)}", ct)
            ?? await limiter.TakeAsync(RateLimitTable.RegistrationMailsInAll, normalized, ct)) is { } tooManyMails)
        {
            return tooManyMails;
        }

        var user = NewUser(email, input.Name, input.Language, "registration");
        user.PasswordHash = await hasher.HashAsync(input.Password, ct);
        try
        {
            await StoreRegistrationAsync(user, input, ip, link, ct);
        }
        catch (DbUpdateException)
        {
            await StoreRegistrationAsync(user, input, ip, link, ct); // The same address registered in the same moment: there is an account now.
        }

        mail.Wake();
        return Outcome.Ok;
    }

    /// <summary>
    /// Keeps the registration beside its link. The first of an address makes the account, which can do nothing yet; a later one changes nothing of it:
    /// which of them holds is decided by whoever has the mailbox and the password typed with it (<see cref="RegistrationConfirmation"/>).
    /// </summary>
    private async Task StoreRegistrationAsync(User user, Registration input, string? ip, Func<string, Uri> link, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var known = await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.NormalizedEmail == user.NormalizedEmail, ct);
        if (known is { EmailConfirmed: true })
        {
            mail.Add(db, AccountMails.AlreadyRegistered(known, link("/account/login")));
        }
        else
        {
            if (known is null)
            {
                db.Users.Add(user);
                TermsService.Accept(db, user, input.Terms!, "registration", ip, clock);
            }

            var secret = tokens.MakeForRegistration(db, known?.Id ?? user.Id, user, input.Terms, ip);
            mail.Add(db, AccountMails.Confirm(user, known?.Id ?? user.Id, clock.GetUtcNow(), link("/account/confirm?token=" + secret)));
        }

        await db.SaveChangesAsync(ct);
    }

    /// <summary>Mails a link for a new password, if there is such an account. Answers the same in any case.</summary>
    public Task<Outcome> ForgotPasswordAsync(string email, string? ip, Func<string, Uri> link, CancellationToken ct) => equalTime.RunAsync(async () =>
    {
        var normalized = normalizer.NormalizeEmail(email.Trim());
        if ((await limiter.TakeAsync(RateLimitTable.ResetMails, $"{normalized} {RateLimiter.Network(ip)}", ct)
            ?? await limiter.TakeAsync(RateLimitTable.ResetMailsInAll, normalized, ct)
            ?? await limiter.TakeAsync(RateLimitTable.SignInByAddress, RateLimiter.Network(ip), ct)) is { } tooMany)
        {
            return (Outcome)tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Users.SingleOrDefaultAsync(u => u.NormalizedEmail == normalized && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null, ct) is { } user)
        {
            var secret = await tokens.MakeAsync(db, user.Id, TokenPurpose.ResetPassword, AccountsOptions.ResetLifetime, ct);
            mail.Add(db, AccountMails.Reset(user, link("/account/reset?token=" + secret)));
            await db.SaveChangesAsync(ct);
            mail.Wake();
        }

        return Outcome.Ok;
    });

    /// <summary>Sets a new password by a mailed link; ends all sessions and never signs in by itself (T17). A password that is refused uses nothing up.</summary>
    public async Task<Outcome> ResetPasswordAsync(string secret, string password, Func<string, Uri> link, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await tokens.PeekAsync(secret, TokenPurpose.ResetPassword, ct) is not { } userId)
        {
            return new Failure(FailureKind.Expired, "accounts.link_invalid");
        }

        var user = await db.Users.SingleAsync(u => u.Id == userId, ct);
        if (AccountRules.CheckPassword(password, user.Email!, user.Name, AccountRules.ShortestFor(user)) is { } invalid)
        {
            return invalid;
        }

        if (await tokens.TakeAsync(secret, TokenPurpose.ResetPassword, ct) is null)
        {
            return new Failure(FailureKind.Expired, "accounts.link_invalid");
        }

        await StorePasswordAsync(db, user, password, keepSession: null, link, ct);
        await activity.RecordAsync(ActorFactory.For(user), new ActivityEvent("account.reset_password", "user", user.Id.ToString()), ct);
        return Outcome.Ok;
    }

    /// <summary>Changes the password, which ends all other sessions.</summary>
    public async Task<Outcome> ChangePasswordAsync(Actor actor, string current, string password, Func<string, Uri> link, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User)
        {
            return Failure.Forbidden;
        }

        if (await limiter.TakeAsync(RateLimitTable.SignIn, "change/" + actor.UserId, ct) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.Users.SingleOrDefaultAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct) is not { PasswordHash: { } hash } user)
        {
            return Failure.NotFound;
        }

        if (await hasher.VerifyAsync(hash, current, ct) == PasswordVerificationResult.Failed)
        {
            await activity.RecordAsync(actor, new ActivityEvent("account.change_password", "user", user.Id.ToString(), Result: ActivityResult.Refused), ct);
            return Outcome.Invalid("accounts.password_wrong");
        }

        if (AccountRules.CheckPassword(password, user.Email!, user.Name, AccountRules.ShortestFor(user)) is { } invalid)
        {
            return invalid;
        }

        await StorePasswordAsync(db, user, password, actor.SessionId, link, ct);
        await activity.RecordAsync(actor, new ActivityEvent("account.change_password", "user", user.Id.ToString()), ct);
        return Outcome.Ok;
    }

    /// <summary>The actor's own account.</summary>
    public async Task<Outcome<User>> GetAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null, ct) is { } user ? user : Failure.NotFound;
    }

    /// <summary>Corrects the name (D01, R02).</summary>
    public async Task<Outcome> RenameAsync(Actor actor, string name, CancellationToken ct)
    {
        if (AccountRules.CheckName(name) is { } invalid)
        {
            return invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var changed = await db.Users.Where(u => u.Id == actor.UserId && actor.Kind == ActorKind.User && u.BlockedAt == null && u.DeletedAt == null).ExecuteUpdateAsync(s => s.SetProperty(u => u.Name, name.Trim()), ct);
        if (changed == 0)
        {
            return Failure.NotFound;
        }

        await activity.RecordAsync(actor, new ActivityEvent("account.rename", "user", actor.UserId.ToString()), ct);
        return Outcome.Ok;
    }

    /// <summary>A new account, without a password yet.</summary>
    internal User NewUser(string email, string name, string? language, string createdBy) => new()
    {
        Id = Ids.New(clock),
        UserName = email,
        Email = email,
        NormalizedUserName = normalizer.NormalizeName(email),
        NormalizedEmail = normalizer.NormalizeEmail(email),
        Name = name.Trim(),
        Language = language,
        CreatedAt = clock.GetUtcNow(),
        CreatedBy = createdBy,
        SecurityStamp = Ids.Secret(),
        LockoutEnabled = true,
    };

    /// <summary>
    /// A new password ends what the old one, or the mailbox, had begun: sign-ins that wait for a code, links for a new password, and, where it was
    /// forgotten, a change of address that somebody else may have asked for.
    /// </summary>
    private async Task StorePasswordAsync(AppDbContext db, User user, string password, Guid? keepSession, Func<string, Uri> link, CancellationToken ct)
    {
        user.PasswordHash = await hasher.HashAsync(password, ct);
        user.HasShortPassword = AccountRules.IsShort(password);
        user.SecurityStamp = Ids.Secret();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        mail.Add(db, AccountMails.PasswordChanged(user, link("/account/forgot"), await WaysIn.OfAsync(db, user.Id, clock.GetUtcNow(), ct), link("/me/security")));
        await db.SaveChangesAsync(ct);
        await db.SignInAttempts.Where(a => a.UserId == user.Id).ExecuteDeleteAsync(ct);
        await db.AccountTokens.Where(t => t.UserId == user.Id && (t.Purpose == TokenPurpose.ResetPassword || (t.Purpose == TokenPurpose.ChangeEmail && keepSession == null))).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        await sessions.CloseOthersAsync(user.Id, keepSession, ct);
        mail.Wake();
    }
}
