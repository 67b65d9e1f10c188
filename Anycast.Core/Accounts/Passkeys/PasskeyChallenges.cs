using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Passkeys;

/// <summary>Keeps and takes challenges: a signature is good for the one question it answers.</summary>
public sealed class PasskeyChallenges(IDbContextFactory<AppDbContext> contexts, RateLimiter limiter, TimeProvider clock)
{
    /// <summary>How long an authenticator may take.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Keeps a challenge; returns the secret for the cookie of the browser that was asked.</summary>
    public async Task<Outcome<string>> KeepAsync(string state, string? ip, CancellationToken ct)
    {
        if (await limiter.TakeAsync(RateLimitTable.Passkeys, RateLimiter.Network(ip), ct) is { } tooMany)
        {
            return tooMany;
        }

        var secret = Ids.Secret();
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.PasskeyChallenges.Add(new PasskeyChallenge { Id = Ids.New(clock), BrowserHash = Ids.Hash(secret), State = state, ExpiresAt = clock.GetUtcNow() + Lifetime });
        await db.SaveChangesAsync(ct);
        return secret;
    }

    /// <summary>Uses a challenge up: of many at once exactly one gets it.</summary>
    public async Task<string?> TakeAsync(string secret, CancellationToken ct)
    {
        var hash = Ids.Hash(secret);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.PasskeyChallenges.AsNoTracking().SingleOrDefaultAsync(c => c.BrowserHash == hash, ct);
        return found is not null && await db.PasskeyChallenges.Where(c => c.Id == found.Id).ExecuteDeleteAsync(ct) == 1 && found.ExpiresAt > clock.GetUtcNow() ? found.State : null;
    }
}
