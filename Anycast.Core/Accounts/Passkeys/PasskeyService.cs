using System.Buffers.Text;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Passkeys;

/// <summary>A passkey as its owner sees it; <see cref="Id"/> is its credential id in base64url.</summary>
public sealed record PasskeySummary(string Id, string Name, DateTimeOffset CreatedAt, bool IsBackedUp);

/// <summary>
/// Passkeys of an account (D07): possession and the authenticator's own check of its user are two factors in one, so that signing in by a passkey
/// asks for nothing more, and an account with one asks for it after a password too. The host has verified what an authenticator signed; whose it
/// is, and what follows, is decided here.
/// </summary>
public sealed class PasskeyService(
    IDbContextFactory<AppDbContext> contexts, StepUpService stepUp, SignInService signIn, MailQueue mail, ActivityLog activity, TimeProvider clock)
{
    private const int MostPerUser = 20;
    private const int NameMaxLength = 60;

    /// <summary>The actor's own passkeys, the newest first.</summary>
    public async Task<IReadOnlyList<PasskeySummary>> ListAsync(Actor actor, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var rows = await db.UserPasskeys.AsNoTracking().Where(p => actor.Kind == ActorKind.User && p.UserId == actor.UserId).Take(MostPerUser).ToListAsync(ct);
        return [.. rows.OrderByDescending(p => p.Data.CreatedAt).Select(p => new PasskeySummary(Base64Url.EncodeToString(p.CredentialId), p.Data.Name ?? "", p.Data.CreatedAt, p.Data.IsBackedUp))];
    }

    /// <summary>Whether the actor may add one now: with a fresh proof, and while there is room.</summary>
    public async Task<Outcome> MayAddAsync(Actor actor, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.UserPasskeys.CountAsync(p => p.UserId == actor.UserId, ct) < MostPerUser ? Outcome.Ok : new Failure(FailureKind.TooMany, "accounts.passkeys_many", MostPerUser);
    }

    /// <summary>
    /// Adds a passkey that the host has verified. The first second factor of an account comes with recovery codes, returned this once; otherwise the
    /// list is empty.
    /// </summary>
    public async Task<Outcome<IReadOnlyList<string>>> AddAsync(Actor actor, UserPasskeyInfo passkey, string name, Func<string, Uri> link, CancellationToken ct)
    {
        if (CheckName(name) is { } invalid)
        {
            return invalid;
        }

        if (await MayAddAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.UserPasskeys.AnyAsync(p => p.CredentialId == passkey.CredentialId, ct))
        {
            return new Failure(FailureKind.Conflict, "accounts.passkey_known");
        }

        var user = await db.Users.SingleAsync(u => u.Id == actor.UserId, ct);
        db.UserPasskeys.Add(new IdentityUserPasskey<Guid>
        {
            UserId = user.Id,
            CredentialId = passkey.CredentialId,
            Data = new IdentityPasskeyData
            {
                Name = name.Trim(), PublicKey = passkey.PublicKey, CreatedAt = clock.GetUtcNow(), SignCount = passkey.SignCount, Transports = passkey.Transports, IsUserVerified = passkey.IsUserVerified,
                IsBackupEligible = passkey.IsBackupEligible, IsBackedUp = passkey.IsBackedUp, AttestationObject = passkey.AttestationObject, ClientDataJson = passkey.ClientDataJson,
            },
        });
        var codes = user.TwoFactorEnabled ? [] : await RecoveryCodes.ReplaceAsync(db, user.Id, clock.GetUtcNow(), ct);
        user.TwoFactorEnabled = true;
        mail.Add(db, AccountMails.PasskeyAdded(user, link("/me/security"), name.Trim()));
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("account.passkey_add", "passkey", "", name.Trim()), ct);
        await transaction.CommitAsync(ct);
        mail.Wake();
        return codes;
    }

    /// <summary>Renames one of the actor's passkeys.</summary>
    public async Task<Outcome> RenameAsync(Actor actor, string passkeyId, string name, CancellationToken ct)
    {
        if (CheckName(name) is { } invalid)
        {
            return invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await FindAsync(db, actor, passkeyId, ct) is not { } row)
        {
            return Failure.NotFound;
        }

        row.Data.Name = name.Trim();
        await db.SaveChangesAsync(ct);
        await activity.RecordAsync(actor, new ActivityEvent("account.passkey_rename", "passkey", "", name.Trim()), ct);
        return Outcome.Ok;
    }

    /// <summary>Removes a passkey; when it was the last second factor, signing in asks for the password alone again.</summary>
    public async Task<Outcome> RemoveAsync(Actor actor, string passkeyId, Func<string, Uri> link, CancellationToken ct)
    {
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await FindAsync(db, actor, passkeyId, ct) is not { } row)
        {
            return Failure.NotFound;
        }

        var user = await db.Users.SingleAsync(u => u.Id == actor.UserId, ct);
        db.UserPasskeys.Remove(row);
        mail.Add(db, AccountMails.PasskeyRemoved(user, link("/me/security"), row.Data.Name ?? ""));
        await db.SaveChangesAsync(ct);
        if (!await db.UserPasskeys.AnyAsync(p => p.UserId == user.Id, ct) && !await db.TotpDevices.AnyAsync(d => d.UserId == user.Id && d.EnabledAt != null, ct))
        {
            if (AccountRules.CheckStandsAlone(user) is { } tooShort)
            {
                return tooShort; // Nothing is committed.
            }

            user.TwoFactorEnabled = false;
            await db.RecoveryCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(ct);
            await db.SaveChangesAsync(ct);
        }

        await activity.RecordAsync(db, actor, new ActivityEvent("account.passkey_remove", "passkey", "", row.Data.Name ?? ""), ct);
        await transaction.CommitAsync(ct);
        mail.Wake();
        return Outcome.Ok;
    }

    /// <summary>Signs in by a passkey whose signature the host has verified.</summary>
    public async Task<Outcome<SignInStep>> SignInAsync(Guid userId, UserPasskeyInfo passkey, string? ip, string? device, CancellationToken ct) =>
        await UseAsync(userId, passkey, ct) is { IsOk: false } refused ? refused.Failure : await signIn.ProceedAsync(userId, ip, device, isStrong: passkey.IsUserVerified, ct);

    /// <summary>Proves again that it is the actor, by one of their own passkeys.</summary>
    public async Task<Outcome> ProveAsync(Actor actor, Guid userId, UserPasskeyInfo passkey, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.User || actor.SessionId is not { } session || userId != actor.UserId || !passkey.IsUserVerified)
        {
            return Failure.Forbidden;
        }

        var used = await UseAsync(userId, passkey, ct);
        await activity.RecordAsync(actor, new ActivityEvent("account.step_up", "user", actor.UserId.ToString(), Result: used.IsOk ? ActivityResult.Done : ActivityResult.Refused), ct);
        if (used.IsOk)
        {
            await stepUp.NoteAsync(session, ct);
        }

        return used;
    }

    internal static UserPasskeyInfo Info(IdentityUserPasskey<Guid> row) => new(
        row.CredentialId, row.Data.PublicKey, row.Data.CreatedAt, row.Data.SignCount, row.Data.Transports, row.Data.IsUserVerified, row.Data.IsBackupEligible, row.Data.IsBackedUp, row.Data.AttestationObject, row.Data.ClientDataJson)
    {
        Name = row.Data.Name,
    };

    /// <summary>Writes down what the authenticator counts; a passkey that was removed meanwhile is worth nothing.</summary>
    private async Task<Outcome> UseAsync(Guid userId, UserPasskeyInfo passkey, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await db.UserPasskeys.SingleOrDefaultAsync(p => p.UserId == userId && p.CredentialId == passkey.CredentialId, ct) is not { } row)
        {
            return Outcome.Invalid("accounts.passkey_wrong");
        }

        row.Data.SignCount = passkey.SignCount;
        row.Data.IsBackedUp = passkey.IsBackedUp;
        await db.SaveChangesAsync(ct);
        return Outcome.Ok;
    }

    private static async Task<IdentityUserPasskey<Guid>?> FindAsync(AppDbContext db, Actor actor, string passkeyId, CancellationToken ct)
    {
        byte[] id;
        try
        {
            id = Base64Url.DecodeFromChars(passkeyId);
        }
        catch (FormatException)
        {
            return null;
        }

        return await db.UserPasskeys.SingleOrDefaultAsync(p => actor.Kind == ActorKind.User && p.UserId == actor.UserId && p.CredentialId == id
            && db.Users.Any(u => u.Id == actor.UserId && u.BlockedAt == null && u.DeletedAt == null), ct);
    }

    private static Failure? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) || name.Trim().Length > NameMaxLength || name.Any(char.IsControl) ? new Failure(FailureKind.Invalid, "accounts.passkey_name", NameMaxLength) : null;
}
