using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Common.Sealing;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.SecondFactor;

/// <summary>The one place that decides whether a code of the second factor is right, for sign-in and for a fresh proof alike (T17).</summary>
public sealed class SecondFactorCheck(IDbContextFactory<AppDbContext> contexts, Sealer sealer, RateLimiter limiter, TimeProvider clock)
{
    /// <summary>
    /// Accepts a code of the app, newer than any used before, or a recovery code. Tries are counted before anything is compared; a right one is no
    /// guess and gives its try back.
    /// </summary>
    public async Task<Outcome> TakeAsync(Guid userId, string code, CancellationToken ct)
    {
        var taken = await CountAndCompareAsync(userId, code, ct);
        if (taken.IsOk)
        {
            await limiter.GiveBackAsync(RateLimitTable.SecondFactor, userId.ToString("N"), ct);
            await limiter.GiveBackAsync(RateLimitTable.SecondFactorDaily, userId.ToString("N"), ct);
        }

        return taken;
    }

    private async Task<Outcome> CountAndCompareAsync(Guid userId, string code, CancellationToken ct)
    {
        if ((await limiter.TakeAsync(RateLimitTable.SecondFactor, userId.ToString("N"), ct)
            ?? await limiter.TakeAsync(RateLimitTable.SecondFactorDaily, userId.ToString("N"), ct)) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (RecoveryCodes.IsForm(code))
        {
            return await RecoveryCodes.TakeAsync(db, userId, code, ct) ? Outcome.Ok : Outcome.Invalid("accounts.recovery_code_wrong");
        }

        var device = await db.TotpDevices.AsNoTracking().SingleOrDefaultAsync(d => d.UserId == userId && d.EnabledAt != null, ct);
        if (device is null)
        {
            return Outcome.Invalid("accounts.recovery_code_wrong"); // No app: there is no other code.
        }

        var seed = await sealer.OpenAsync(KeyOwner.User, userId, SecondFactorService.Place(userId), device.Seed, ct);
        if (seed is null || Totp.Match(seed, SecondFactorService.Clean(code), clock.GetUtcNow(), device.LastStep) is not { } step)
        {
            return Outcome.Invalid("accounts.code_wrong");
        }

        // The row's last step is the gate: of many who send the same code at once, one moves it.
        var moved = await db.TotpDevices.Where(d => d.UserId == userId && d.LastStep < step).ExecuteUpdateAsync(s => s.SetProperty(d => d.LastStep, step), ct);
        return moved == 1 ? Outcome.Ok : Outcome.Invalid("accounts.code_wrong");
    }
}
