using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.EmailChange;

/// <summary>
/// Changes the address of an account (D01, R02): by a link to the new mailbox, with a notice to the old one whose link stops or undoes it.
/// Until the link is used the old address holds.
/// </summary>
public sealed class EmailChangeService(
    IDbContextFactory<AppDbContext> contexts,
    ILookupNormalizer normalizer,
    AccountTokens tokens,
    SessionService sessions,
    StepUpService stepUp,
    RateLimiter limiter,
    MailQueue mail,
    ActivityLog activity,
    EqualTime equalTime,
    TimeProvider clock)
{
    /// <summary>Asks for the change. Whether the new address has an account already is told to its mailbox alone.</summary>
    public Task<Outcome> RequestAsync(Actor actor, string newAddress, Func<string, Uri> link, CancellationToken ct) => equalTime.RunAsync(async () =>
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        var address = newAddress.Trim();
        if (AccountRules.CheckEmail(address) is { } invalid)
        {
            return (Outcome)invalid;
        }

        if (await limiter.TakeAsync(RateLimitTable.EmailChange, actor.UserId.ToString("N"), ct) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.SingleAsync(u => u.Id == actor.UserId, ct);
        var normalized = normalizer.NormalizeEmail(address);
        if (normalized == user.NormalizedEmail)
        {
            return Outcome.Invalid("accounts.email_same");
        }

        // The same rows and the same notice either way, so that neither the page nor the old mailbox tells whether the address is taken.
        var confirm = await tokens.MakeAsync(db, user.Id, TokenPurpose.ChangeEmail, AccountsOptions.EmailChangeLifetime, ct, address);
        if (await db.Users.SingleOrDefaultAsync(u => u.NormalizedEmail == normalized, ct) is not { } holder)
        {
            mail.Add(db, AccountMails.ConfirmNewAddress(user, address, link("/account/confirm-address?token=" + confirm)));
        }
        else if (await limiter.TakeAsync(RateLimitTable.MailToAccount, normalized, ct) is null)
        {
            mail.Add(db, AccountMails.AddressTaken(holder, link("/account/login")));
        }

        var undo = await tokens.MakeAsync(db, user.Id, TokenPurpose.UndoEmailChange, AccountsOptions.EmailUndoLifetime, ct, user.Email, await ReachAsync(db, actor, ct));
        mail.Add(db, AccountMails.AddressChanging(user, address, link("/account/undo-address?token=" + undo)));
        await db.SaveChangesAsync(ct);
        mail.Wake();
        await activity.RecordAsync(actor, new ActivityEvent("account.email_requested", "user", actor.UserId.ToString()), ct);
        return Outcome.Ok;
    });

    /// <summary>The address a change waits for; null when none does.</summary>
    public async Task<string?> PendingAsync(Actor actor, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.AccountTokens.Where(t => actor.Kind == ActorKind.User && t.UserId == actor.UserId && t.Purpose == TokenPurpose.ChangeEmail && t.UsedAt == null && t.ExpiresAt > now).Select(t => t.Address).SingleOrDefaultAsync(ct);
    }

    /// <summary>Confirms from the new mailbox. An address that somebody took meanwhile is refused without saying why.</summary>
    public async Task<Outcome> ConfirmAsync(string secret, CancellationToken ct)
    {
        var over = new Failure(FailureKind.Expired, "accounts.link_invalid");
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await tokens.FindAsync(secret, TokenPurpose.ChangeEmail, ct) is not { Address: { } address } token || await tokens.TakeAsync(secret, TokenPurpose.ChangeEmail, ct) is null)
        {
            // Opened twice: done, as long as it is still what the account has.
            return await tokens.FindUsedAsync(secret, TokenPurpose.ChangeEmail, ct) is { } used && await db.Users.AnyAsync(u => u.Id == used.UserId && u.Email == used.Address, ct) ? Outcome.Ok : over;
        }

        var user = await db.Users.SingleAsync(u => u.Id == token.UserId, ct);
        Set(user, address);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException)
        {
            return over; // The unique index: the address registered in between.
        }

        await activity.RecordAsync(ActorFactory.For(user), new ActivityEvent("account.email_changed", "user", user.Id.ToString()), ct);
        return Outcome.Ok;
    }

    /// <summary>
    /// From the old mailbox: stops the change, or undoes it if it was made, and every later one. Whoever asked for it knows the password and may have
    /// made ways in of their own: the password is void, all sessions end, and passkeys, app, recovery codes and tokens added since go. A link for a
    /// new password is mailed. Links of later changes are void: they lie in mailboxes of whoever made those.
    /// </summary>
    public async Task<Outcome> UndoAsync(string secret, Func<string, Uri> link, CancellationToken ct)
    {
        var over = new Failure(FailureKind.Expired, "accounts.link_invalid");
        if (await tokens.FindAsync(secret, TokenPurpose.UndoEmailChange, ct) is not { Address: { } address } token || await tokens.TakeAsync(secret, TokenPurpose.UndoEmailChange, ct) is null)
        {
            return over;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.SingleAsync(u => u.Id == token.UserId, ct);
        Set(user, address);
        user.SecurityStamp = Ids.Secret();
        user.PasswordHash = null;
        user.HasShortPassword = false;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var ended = await WaysIn.EndSinceAsync(db, user, token.Reach ?? token.CreatedAt, clock.GetUtcNow(), ct);
        await db.SignInAttempts.Where(a => a.UserId == user.Id).ExecuteDeleteAsync(ct);

        // Somebody may have registered the address meanwhile; without its mailbox they could not confirm it, and do not keep it.
        await db.Users.Where(u => u.NormalizedEmail == user.NormalizedEmail && u.Id != user.Id && !u.EmailConfirmed).ExecuteDeleteAsync(ct);
        await db.AccountTokens.Where(t => t.UserId == user.Id && (t.Purpose == TokenPurpose.ChangeEmail
            || (t.Purpose == TokenPurpose.UndoEmailChange && t.Id != token.Id && t.CreatedAt >= token.CreatedAt))).ExecuteDeleteAsync(ct);
        var reset = await tokens.MakeAsync(db, user.Id, TokenPurpose.ResetPassword, AccountsOptions.ResetLifetime, ct);
        try
        {
            await db.SaveChangesAsync(ct);
            mail.Add(db, AccountMails.AddressRestored(user, link("/account/reset?token=" + reset), ended, await WaysIn.OfAsync(db, user.Id, clock.GetUtcNow(), ct), link("/me/security")));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }
        catch (DbUpdateException)
        {
            return over;
        }

        await sessions.CloseOthersAsync(user.Id, keep: null, ct);
        mail.Wake();
        await activity.RecordAsync(ActorFactory.For(user), new ActivityEvent("account.email_undone", "user", user.Id.ToString()), ct);
        return Outcome.Ok;
    }

    /// <summary>
    /// From when on what was added goes with an undo: from the sign-in that asked for the change, since an intruder may make their passkey first. A day
    /// back at most, so that a stolen session of many weeks does not cost its owner what they added themselves.
    /// </summary>
    private async Task<DateTimeOffset> ReachAsync(AppDbContext db, Actor actor, CancellationToken ct)
    {
        var earliest = clock.GetUtcNow() - AccountsOptions.EmailUndoReach;
        var began = await db.Sessions.Where(s => s.Id == actor.SessionId).Select(s => s.CreatedAt).SingleAsync(ct);
        return began > earliest ? began : earliest;
    }

    private void Set(User user, string address)
    {
        user.Email = address;
        user.UserName = address;
        user.NormalizedEmail = normalizer.NormalizeEmail(address);
        user.NormalizedUserName = normalizer.NormalizeName(address);
    }
}
