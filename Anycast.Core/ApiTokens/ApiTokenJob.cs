using System.Globalization;
using Anycast.Core.Data;
using Anycast.Core.Notifications;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace Anycast.Core.ApiTokens;

/// <summary>Warns before a token ends (7 days, 1 day), by notification and mail, and deletes it within a day after its end (K05). Found from rows; may run twice or never.</summary>
public sealed class ApiTokenJob(IDbContextFactory<AppDbContext> contexts, NotificationService notifications, IConfiguration configuration, TimeProvider clock)
{
    private static readonly TimeSpan[] s_warnings = [TimeSpan.FromDays(7), TimeSpan.FromDays(1)];

    public async Task RunAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.ApiTokens.Where(t => t.ExpiresAt <= now).ExecuteDeleteAsync(ct);

        // The nearest warning first: a token that sleeps through the first one gets the last, not both.
        for (var warning = s_warnings.Length; warning >= 1; warning--)
        {
            var until = now + s_warnings[warning - 1];
            var given = warning;
            var due = await db.ApiTokens.AsNoTracking().Where(t => t.ExpiresAt <= until && t.Warnings < given).OrderBy(t => t.ExpiresAt).Take(1000).ToListAsync(ct);
            foreach (var token in due)
            {
                await WarnAsync(token, warning, ct);
            }
        }
    }

    private async Task WarnAsync(ApiToken token, int warning, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);

        // The gate and the notification stand or fall together: nobody is warned twice.
        if (await db.ApiTokens.Where(t => t.Id == token.Id && t.Warnings < warning).ExecuteUpdateAsync(s => s.SetProperty(t => t.Warnings, warning), ct) != 1)
        {
            return;
        }

        var user = await db.Users.AsNoTracking().SingleAsync(u => u.Id == token.UserId, ct);
        var culture = CultureInfo.GetCultureInfo(user.Language ?? "en");
        await notifications.AddAsync(
            db,
            new Recipient(user.Id, user.Email ?? "", user.Name, user.Language),
            new NewNotification(NotificationType.Tokens, "token_expiring", [token.Name, token.ExpiresAt.UtcDateTime.ToString("d", culture)], "/me/tokens", token.TeamId),
            Uri.TryCreate(configuration["Anycast:PublicUrl"], UriKind.Absolute, out var root) ? root : null,
            ct);
        await transaction.CommitAsync(ct);
        notifications.Published(user.Id);
    }
}
