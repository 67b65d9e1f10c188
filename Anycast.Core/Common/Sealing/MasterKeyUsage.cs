using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Common.Sealing;

/// <summary>What one master key has wrapped.</summary>
/// <param name="KeyId">Its id; null for records from before there were ids, until they are wrapped anew.</param>
/// <param name="IsCurrent">Whether it wraps now.</param>
/// <param name="IsReadable">Whether it is configured in this process.</param>
/// <param name="OwnerKeys">Keys of users and teams.</param>
/// <param name="ServiceKeys">The service's own keys: pepper, session tickets, codes, limits.</param>
/// <param name="RingKeys">Keys of ASP.NET's ring.</param>
public sealed record MasterKeyUse(string? KeyId, bool IsCurrent, bool IsReadable, int OwnerKeys, int ServiceKeys, int RingKeys)
{
    public int Total => OwnerKeys + ServiceKeys + RingKeys;

    /// <summary>Whether nobody can sign in without it.</summary>
    public bool IsEssential => ServiceKeys + RingKeys > 0;

    /// <summary>Whether records need it and it is not configured.</summary>
    public bool IsMissing => !IsReadable && Total > 0;
}

/// <summary>Counts, from the records themselves, which master keys are in use.</summary>
public sealed class MasterKeyUsage(IDbContextFactory<AppDbContext> contexts, MasterKeys masters)
{
    /// <summary>Every key that is configured or in use, the current one first.</summary>
    public async Task<IReadOnlyList<MasterKeyUse>> ReadAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var owned = await db.OwnerKeys.GroupBy(k => k.KeyId).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct);
        var service = await db.ServiceKeys.GroupBy(k => k.KeyId).Select(g => new { g.Key, Count = g.Count() }).ToListAsync(ct);
        var (ring, ringReadable) = Ring(await db.DataProtectionKeys.Select(k => k.Xml!).ToListAsync(ct));
        var older = owned.Any(o => o.Key is null) || ring.Any(k => k is null);
        var olderReadable = older && ringReadable && await IsOlderReadableAsync(db, ct);

        var ids = masters.Ids.Concat(owned.Select(o => o.Key).Concat(ring).OfType<string>().Concat(service.Select(s => s.Key)).Order(StringComparer.Ordinal))
            .Distinct(StringComparer.Ordinal).Concat(older ? [null] : Array.Empty<string?>());
        return [.. ids.Select(id => new MasterKeyUse(
            id,
            id == masters.Current.Id,
            id is null ? olderReadable : masters.Has(id),
            owned.Where(o => o.Key == id).Sum(o => o.Count),
            service.Where(s => s.Key == id).Sum(s => s.Count),
            ring.Count(k => k == id)))];
    }

    /// <summary>Whether every key of ASP.NET's ring can be read here. While one cannot, a new one would take its place, and end what it protects.</summary>
    public bool IsRingReadable()
    {
        using var db = contexts.CreateDbContext();
        return db.DataProtectionKeys.Select(k => k.Xml!).ToList().All(xml => WrappedXml.IsReadable(masters, xml));
    }

    private (List<string?> Keys, bool Readable) Ring(List<string> all)
    {
        var keys = new List<string?>();
        foreach (var xml in all)
        {
            if (WrappedXml.TryGetKey(xml, out var keyId))
            {
                keys.Add(keyId);
            }
        }

        return (keys, all.Where(WrappedXml.IsWithoutId).All(xml => WrappedXml.IsReadable(masters, xml)));
    }

    /// <summary>Records without an id were all wrapped by one key, so one of them speaks for all.</summary>
    private async Task<bool> IsOlderReadableAsync(AppDbContext db, CancellationToken ct) =>
        await db.OwnerKeys.AsNoTracking().Where(k => k.KeyId == null).FirstOrDefaultAsync(ct) is not { } sample
        || masters.WrapperOf(Sealer.Wrapping, sample.WrappedKey, Sealer.Place(sample.Owner, sample.OwnerId)) is not null;
}
