using System.Security.Cryptography;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Common.Sealing;

/// <summary>Where a sealed value lives; authenticated with it.</summary>
public sealed record SealedPlace(string Table, string Row, string Column)
{
    internal string For(KeyOwner owner, Guid ownerId) => $"{Table}/{Row}/{Column}/{owner}/{ownerId:N}";
}

/// <summary>Seals values with the key of their owner (S03). The owner's key is made on first use.</summary>
public sealed class Sealer(IDbContextFactory<AppDbContext> contexts, MasterKeys masters, TimeProvider clock)
{
    internal const string Wrapping = "owner-keys";

    /// <summary>Seals a value for its place in the database.</summary>
    public async Task<byte[]> SealAsync(KeyOwner owner, Guid ownerId, SealedPlace place, byte[] plain, CancellationToken ct)
    {
        var key = await FindKeyAsync(owner, ownerId, ct) ?? await MakeKeyAsync(owner, ownerId, ct);
        return SealedBytes.Seal(key, plain, place.For(owner, ownerId));
    }

    /// <summary>Opens a value; null when the owner's key was destroyed, and with it the value.</summary>
    /// <exception cref="CryptographicException">Moved or altered.</exception>
    public async Task<byte[]?> OpenAsync(KeyOwner owner, Guid ownerId, SealedPlace place, byte[] sealedBytes, CancellationToken ct)
    {
        var key = await FindKeyAsync(owner, ownerId, ct);
        return key is null ? null : SealedBytes.Open(key, sealedBytes, place.For(owner, ownerId));
    }

    private async Task<byte[]?> FindKeyAsync(KeyOwner owner, Guid ownerId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var row = await db.OwnerKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Owner == owner && k.OwnerId == ownerId, ct);
        return row is null ? null : masters.Unwrap(Wrapping, row.KeyId, row.WrappedKey, Place(owner, ownerId));
    }

    private async Task<byte[]> MakeKeyAsync(KeyOwner owner, Guid ownerId, CancellationToken ct)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var wrapped = masters.Wrap(Wrapping, key, Place(owner, ownerId));
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.OwnerKeys.Add(new OwnerKey
        {
            Owner = owner,
            OwnerId = ownerId,
            KeyId = wrapped.KeyId,
            WrappedKey = wrapped.Bytes,
            CreatedAt = clock.GetUtcNow(),
        });
        try
        {
            await db.SaveChangesAsync(ct);
            return key;
        }
        catch (DbUpdateException)
        {
            // Two made it at once: the row that was stored holds.
            return await FindKeyAsync(owner, ownerId, ct) ?? throw new InvalidOperationException("The owner's key could neither be made nor read.");
        }
    }

    internal static string Place(KeyOwner owner, Guid ownerId) => $"OwnerKeys/{owner}/{ownerId:N}";
}
