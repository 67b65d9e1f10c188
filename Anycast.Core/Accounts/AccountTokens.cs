using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts;

/// <summary>Makes and takes the secrets of mailed links.</summary>
public sealed class AccountTokens(IDbContextFactory<AppDbContext> contexts, TimeProvider clock)
{
    /// <summary>
    /// A new secret; an earlier one of the same purpose is void, but for undoing a change of address: whoever took the account changes it twice, and
    /// the link in the first mailbox must still work. Stored by the caller's SaveChanges.
    /// </summary>
    public async Task<string> MakeAsync(AppDbContext db, Guid userId, TokenPurpose purpose, TimeSpan lifetime, CancellationToken ct, string? address = null, DateTimeOffset? reach = null)
    {
        var now = clock.GetUtcNow();
        var secret = Ids.Secret();
        await db.AccountTokens.Where(t => t.UserId == userId && t.Purpose == purpose && (purpose != TokenPurpose.UndoEmailChange || t.ExpiresAt <= now)).ExecuteDeleteAsync(ct);
        db.AccountTokens.Add(new AccountToken
        {
            Id = Ids.New(clock),
            UserId = userId,
            Purpose = purpose,
            Hash = Ids.Hash(secret),
            Address = address,
            Reach = reach,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        });
        return secret;
    }

    /// <summary>The secret of a link that confirms a registration, which lies with it; links of other registrations of the address stay. Stored by the caller's SaveChanges.</summary>
    internal string MakeForRegistration(AppDbContext db, Guid userId, User registered, string? termsVersion, string? ip)
    {
        var now = clock.GetUtcNow();
        var secret = Ids.Secret();
        db.AccountTokens.Add(new AccountToken
        {
            Id = Ids.New(clock),
            UserId = userId,
            Purpose = TokenPurpose.ConfirmEmail,
            Hash = Ids.Hash(secret),
            Name = registered.Name,
            PasswordHash = registered.PasswordHash,
            Language = registered.Language,
            TermsVersion = termsVersion,
            Ip = ip,
            CreatedAt = now,
            ExpiresAt = now + AccountsOptions.ConfirmationLifetime,
        });
        return secret;
    }

    /// <summary>Uses a secret up: of many at once exactly one gets the user.</summary>
    public async Task<Guid?> TakeAsync(string secret, TokenPurpose purpose, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var now = clock.GetUtcNow();
        var taken = await db.AccountTokens.Where(t => t.Hash == hash && t.Purpose == purpose && t.ExpiresAt > now && t.UsedAt == null).ExecuteUpdateAsync(s => s.SetProperty(t => t.UsedAt, now), ct);
        return taken == 1 ? await db.AccountTokens.Where(t => t.Hash == hash).Select(t => (Guid?)t.UserId).SingleOrDefaultAsync(ct) : null;
    }

    /// <summary>The token of a link that has done its work and is opened once more; null for any other.</summary>
    internal async Task<AccountToken?> FindUsedAsync(string secret, TokenPurpose purpose, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.AccountTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash && t.Purpose == purpose && t.ExpiresAt > now && t.UsedAt != null, ct);
    }

    /// <summary>The live token of a secret, without using it up.</summary>
    internal async Task<AccountToken?> FindAsync(string secret, TokenPurpose purpose, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.AccountTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash && t.Purpose == purpose && t.ExpiresAt > now && t.UsedAt == null, ct);
    }

    /// <summary>Whose secret it is, without using it up.</summary>
    public async Task<Guid?> PeekAsync(string secret, TokenPurpose purpose, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.AccountTokens.Where(t => t.Hash == hash && t.Purpose == purpose && t.ExpiresAt > now && t.UsedAt == null).Select(t => (Guid?)t.UserId).SingleOrDefaultAsync(ct);
    }
}
