using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Agents;

/// <summary>How long an old key stands beside its successor.</summary>
public sealed class KeyRotationOptions
{
    public const string Section = "Anycast:Agent";

    /// <summary>From the new key's enrolment; the old one ends then, once the new one is connected.</summary>
    public TimeSpan OldKeyEndsAfter { get; set; } = TimeSpan.FromMinutes(10);

    internal bool IsAcceptable => OldKeyEndsAfter >= TimeSpan.FromMinutes(1) && OldKeyEndsAfter <= TimeSpan.FromDays(30);
}

/// <summary>
/// Ends the key that a new one took the place of: a key that nobody needs is one that can be stolen. Not before the new one has shown that it
/// lasts, that is, it is connected this long after it was enrolled; an agent that lost its new key on the way goes on with the old one.
/// </summary>
public sealed class SupersededKeys(IDbContextFactory<AppDbContext> contexts, ActivityLog activity, IOptions<KeyRotationOptions> options, TimeProvider clock)
{
    /// <param name="connected">Keys that are connected now.</param>
    /// <param name="ct">Ends the work.</param>
    internal async Task EndAsync(IReadOnlyCollection<Guid> connected, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var before = now - options.Value.OldKeyEndsAfter;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var old = await db.Agents.AsNoTracking()
            .Where(a => a.RevokedAt == null && a.QuarantinedAt == null)
            .Where(a => db.Agents.Any(n => connected.Contains(n.Id) && n.ClusterId == a.ClusterId && n.CreatedAt > a.CreatedAt && n.CreatedAt <= before && n.RevokedAt == null && n.QuarantinedAt == null))
            .Join(db.Clusters, a => a.ClusterId, c => c.Id, (a, c) => new { a.Id, a.ClusterId, c.Name, c.TeamId })
            .ToListAsync(ct);
        foreach (var key in old)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await db.Agents.Where(a => a.Id == key.Id && a.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(a => a.RevokedAt, now), ct) == 1)
            {
                await activity.RecordOfServiceAsync(db, key.TeamId, new ActivityEvent("agents.supersede", "cluster", key.ClusterId.ToString(), key.Name, key.TeamId), ct);
                await transaction.CommitAsync(ct);
            }
        }
    }
}
