using System.Security.Cryptography;
using System.Text;
using Anycast.Core.Common;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.SignIn;

/// <summary>Makes, counts and ends <see cref="SignInAttempt"/>s.</summary>
public sealed class SignInAttempts(IDbContextFactory<AppDbContext> contexts, ServiceKeys keys, TimeProvider clock)
{
    /// <summary>An attempt is over after this time.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>After so many wrong codes an attempt is over.</summary>
    public const int MaxTries = 5;

    /// <summary>Begins an attempt in the caller's context; an earlier one of the same kind is void. Returns the secret for the browser's cookie.</summary>
    internal async Task<string> BeginAsync(AppDbContext db, Guid userId, AttemptKind kind, string? code, CancellationToken ct)
    {
        var secret = Ids.Secret();
        var id = Ids.New(clock);
        await db.SignInAttempts.Where(a => a.UserId == userId && a.Kind == kind).ExecuteDeleteAsync(ct);
        db.SignInAttempts.Add(new SignInAttempt
        {
            Id = id,
            UserId = userId,
            Kind = kind,
            BrowserHash = Ids.Hash(secret),
            CodeHash = code is null ? "" : HashCode(id, code),
            ExpiresAt = clock.GetUtcNow() + Lifetime,
        });
        return secret;
    }

    /// <summary>The live attempt of a browser.</summary>
    internal async Task<SignInAttempt?> FindAsync(string secret, AttemptKind kind, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.SignInAttempts.AsNoTracking().SingleOrDefaultAsync(a => a.BrowserHash == hash && a.Kind == kind && a.ExpiresAt > now && a.Tries < MaxTries, ct);
    }

    /// <summary>Counts one try before anything is compared: of many at once, no more than five are evaluated.</summary>
    internal async Task<bool> CountAsync(SignInAttempt attempt, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.SignInAttempts.Where(a => a.Id == attempt.Id && a.Tries < MaxTries).ExecuteUpdateAsync(s => s.SetProperty(a => a.Tries, a => a.Tries + 1), ct) == 1;
    }

    /// <summary>Ends the attempt; of many at once, one is told true.</summary>
    internal async Task<bool> EndAsync(SignInAttempt attempt, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.SignInAttempts.Where(a => a.Id == attempt.Id).ExecuteDeleteAsync(ct) == 1;
    }

    /// <summary>Deletes the attempt when its tries are used up.</summary>
    internal async Task EndIfSpentAsync(SignInAttempt attempt, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.SignInAttempts.Where(a => a.Id == attempt.Id && a.Tries >= MaxTries).ExecuteDeleteAsync(ct);
    }

    internal bool IsCode(SignInAttempt attempt, string code) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(HashCode(attempt.Id, code)), Encoding.ASCII.GetBytes(attempt.CodeHash));

    /// <summary>A six-digit number has only 20 bits: it is hashed with a key that the database holds only wrapped.</summary>
    private string HashCode(Guid id, string code) => Convert.ToHexStringLower(HMACSHA256.HashData(keys.Get(ServiceKeys.SignInCodes), Encoding.UTF8.GetBytes($"{id:N}/{code}")));
}
