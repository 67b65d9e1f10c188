using Anycast.Core.Accounts.Beta;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Operators;

/// <summary>How many take part in a beta feature, and how many left it again. Who they are is nobody's business.</summary>
public sealed record BetaCount(BetaFeature Feature, int In, int Left);

/// <summary>The operators' view of beta features (D08): counts alone.</summary>
public sealed class BetaDirectory(IDbContextFactory<AppDbContext> contexts, OperatorAccess access)
{
    public async Task<Outcome<IReadOnlyList<BetaCount>>> CountAsync(Actor actor, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var counts = await db.BetaEnrolments.Where(e => db.Users.Any(u => u.Id == e.UserId && u.DeletedAt == null))
            .GroupBy(e => new { e.Feature, IsIn = e.LeftAt == null }).Select(g => new { g.Key.Feature, g.Key.IsIn, Count = g.Count() }).ToListAsync(ct);
        return new List<BetaCount>(BetaCatalogue.All.Select(f => new BetaCount(
            f, counts.Where(c => c.Feature == f.Key && c.IsIn).Sum(c => c.Count), counts.Where(c => c.Feature == f.Key && !c.IsIn).Sum(c => c.Count))));
    }
}
