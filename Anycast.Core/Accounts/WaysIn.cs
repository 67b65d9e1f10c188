using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts;

/// <summary>What lets somebody into an account beside its password. Mails name it, so that its owner sees what is not theirs.</summary>
/// <param name="Passkeys">Names of the passkeys.</param>
/// <param name="HasApp">Whether an authenticator app is enrolled.</param>
/// <param name="RecoveryCodes">How many recovery codes are left.</param>
/// <param name="Tokens">Names of the API tokens.</param>
internal sealed record WaysIn(IReadOnlyList<string> Passkeys, bool HasApp, int RecoveryCodes, IReadOnlyList<string> Tokens)
{
    /// <summary>What there is now.</summary>
    public static async Task<WaysIn> OfAsync(AppDbContext db, Guid userId, DateTimeOffset now, CancellationToken ct) => new(
        Names(await db.UserPasskeys.AsNoTracking().Where(p => p.UserId == userId).Select(p => p.Data.Name).ToListAsync(ct)),
        await db.TotpDevices.AnyAsync(d => d.UserId == userId && d.EnabledAt != null, ct),
        await db.RecoveryCodes.CountAsync(c => c.UserId == userId, ct),
        await db.ApiTokens.Where(t => t.UserId == userId && t.ExpiresAt > now).OrderBy(t => t.CreatedAt).Select(t => t.Name).ToListAsync(ct));

    /// <summary>
    /// Takes away what was added since an instant, and says what it was; older ones stay. Within the caller's transaction, whose SaveChanges stores
    /// whether a second factor is left.
    /// </summary>
    public static async Task<WaysIn> EndSinceAsync(AppDbContext db, User user, DateTimeOffset since, DateTimeOffset now, CancellationToken ct)
    {
        var keys = await db.UserPasskeys.Where(p => p.UserId == user.Id).ToListAsync(ct); // 20 at most; their dates lie in a document.
        var added = keys.Where(p => p.Data.CreatedAt >= since).ToList();
        db.UserPasskeys.RemoveRange(added);
        var app = await db.TotpDevices.SingleOrDefaultAsync(d => d.UserId == user.Id, ct);
        var isAppNew = app is not null && (app.CreatedAt >= since || app.EnabledAt >= since);
        if (isAppNew)
        {
            db.TotpDevices.Remove(app!);
        }

        var tokens = db.ApiTokens.Where(t => t.UserId == user.Id && t.CreatedAt >= since);
        var names = await tokens.Where(t => t.ExpiresAt > now).OrderBy(t => t.CreatedAt).Select(t => t.Name).ToListAsync(ct);
        await tokens.ExecuteDeleteAsync(ct);
        var codes = await db.RecoveryCodes.Where(c => c.UserId == user.Id && c.CreatedAt >= since).ExecuteDeleteAsync(ct);
        user.TwoFactorEnabled = keys.Count > added.Count || (app is { EnabledAt: not null } && !isAppNew);
        if (!user.TwoFactorEnabled)
        {
            await db.RecoveryCodes.Where(c => c.UserId == user.Id).ExecuteDeleteAsync(ct); // Codes of a factor that is gone.
        }

        return new WaysIn(Names(added.Select(p => p.Data.Name)), isAppNew && app!.EnabledAt is not null, codes, names);
    }

    private static List<string> Names(IEnumerable<string?> names) => [.. names.Select(n => n ?? "–")];
}
