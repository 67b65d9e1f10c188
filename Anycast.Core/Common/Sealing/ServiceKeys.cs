using System.Collections.Concurrent;
using System.Security.Cryptography;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Common.Sealing;

/// <summary>
/// The service's own keys. They never change with the master key, so its rotation costs nobody their password or session. Read from the database
/// once per process, all at once and at start: synchronous, because hashes and codes are made where nothing can be awaited, and not in the midst of
/// somebody's transaction, which the reading would wait for.
/// </summary>
public sealed class ServiceKeys(IDbContextFactory<AppDbContext> contexts, MasterKeys masters, TimeProvider clock)
{
    public const string PasswordPepper = "password-pepper";
    public const string SessionTickets = "session-tickets";
    public const string SignInCodes = "sign-in-codes";
    public const string RateLimits = "rate-limits";

    internal const string Wrapping = "service-keys";

    private static readonly string[] s_purposes = [PasswordPepper, SessionTickets, SignInCodes, RateLimits];
    private readonly ConcurrentDictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

    /// <summary>The key of a purpose; all of them are made when there are none yet.</summary>
    /// <exception cref="UnknownMasterKeyException">The master key that wrapped it is not configured; nothing is made in its place.</exception>
    public byte[] Get(string purpose)
    {
        if (!_keys.ContainsKey(purpose))
        {
            using var db = contexts.CreateDbContext();
            Load(db);
            if (!_keys.ContainsKey(purpose))
            {
                Make(db);
            }
        }

        return _keys[purpose];
    }

    internal static string Place(string purpose) => "ServiceKeys/" + purpose;

    private void Load(AppDbContext db)
    {
        foreach (var row in db.ServiceKeys.AsNoTracking().ToList())
        {
            _keys[row.Purpose] = masters.Unwrap(Wrapping, row.KeyId, row.WrappedKey, Place(row.Purpose));
        }
    }

    private void Make(AppDbContext db)
    {
        // All at once: an installation is either from before these keys, or has them.
        var existing = db.ServiceKeys.Select(k => k.Purpose).ToList();
        var before = existing.Count > 0 ? null : EarlierMaster(db);
        foreach (var missing in s_purposes.Except(existing))
        {
            var wrapped = masters.Wrap(Wrapping, before?.Derive(missing) ?? RandomNumberGenerator.GetBytes(32), Place(missing));
            db.ServiceKeys.Add(new ServiceKey { Purpose = missing, KeyId = wrapped.KeyId, WrappedKey = wrapped.Bytes, CreatedAt = clock.GetUtcNow() });
        }

        try
        {
            db.SaveChanges();
        }
        catch (DbUpdateException)
        {
            // Two replicas made them at once: the rows that were stored hold. When it was something else, the key is missing, and that is said.
        }

        using var stored = contexts.CreateDbContext();
        Load(stored);
    }

    /// <summary>
    /// Where people already signed in before there were service keys, the keys were derived from the master key: that value is kept, so hashes
    /// verify and tickets open as before. Null on a new installation, whose keys are random.
    /// </summary>
    private MasterKey? EarlierMaster(AppDbContext db)
    {
        var ring = db.DataProtectionKeys.AsNoTracking().Select(k => k.Xml!).ToList().Where(WrappedXml.IsWithoutId).ToList();
        var owned = db.OwnerKeys.AsNoTracking().Where(k => k.KeyId == null).Take(1).ToList();
        if (ring.Count > 0 || owned.Count > 0)
        {
            // Which of several it was is seen from what it wrapped. When that key is missing, a guess would void every password.
            return ring.Select(xml => WrappedXml.WrapperOf(masters, xml))
                .Concat(owned.Select(k => masters.WrapperOf(Sealer.Wrapping, k.WrappedKey, Sealer.Place(k.Owner, k.OwnerId))))
                .FirstOrDefault(k => k is not null) ?? throw new UnknownMasterKeyException(null);
        }

        return db.Users.Any() ? masters.Current : null;
    }
}
