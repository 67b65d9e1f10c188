using Anycast.Core.Data;
using Anycast.Core.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Accounts.Marketing;

/// <summary>
/// What an account lets through: what it needs, always; news, unless it restricted the use of its data; marketing, only with a live consent, to the
/// confirmed address that gave it (D06, R05).
/// </summary>
internal sealed class MailGate(IDbContextFactory<AppDbContext> contexts, ILookupNormalizer normalizer) : IMailGate
{
    public async Task<bool> MayLeaveAsync(MailClass mailClass, Guid? userId, string toAddress, CancellationToken ct)
    {
        if (mailClass == MailClass.Transactional)
        {
            return true;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var user = await db.Users.Where(u => u.Id == userId && u.EmailConfirmed && u.BlockedAt == null && u.DeletedAt == null && u.RestrictedAt == null)
            .Select(u => new { u.NormalizedEmail }).SingleOrDefaultAsync(ct);
        if (user is null)
        {
            return false;
        }

        return mailClass == MailClass.Notice
            || (mailClass == MailClass.Marketing && user.NormalizedEmail == normalizer.NormalizeEmail(toAddress) && await MarketingService.HasConsentAsync(db, userId!.Value, ct));
    }
}
