using System.Security.Cryptography;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Common.Sealing;

/// <summary>What a run did.</summary>
/// <param name="Moved">Wrapped anew.</param>
/// <param name="Left">Could not be read and stay as they are.</param>
public sealed record RewrapResult(int Moved, int Left);

/// <summary>Has <see cref="KeyRewrap"/> run in the background.</summary>
public interface IKeyRewrapQueue
{
    void Enqueue(string targetKeyId);
}

/// <summary>
/// Wraps with one master key what others have wrapped. May run anywhere, twice at once, and end at any moment: a record is replaced only while
/// it still is what was read, by what was unwrapped again before. Nothing is deleted; what cannot be read stays as it is.
/// </summary>
public sealed partial class KeyRewrap(IDbContextFactory<AppDbContext> contexts, MasterKeys masters, ILogger<KeyRewrap> log)
{
    /// <summary>Records read at once.</summary>
    public const int Batch = 100;

    /// <summary>So many batches in which others were always faster, and the rest is left to them.</summary>
    private const int MostFruitless = 5;

    /// <summary>
    /// Wraps everything with <paramref name="targetKeyId"/>. That is whoever asked's current key and not always this process's own: while replicas
    /// are told of a new key one after the other, one of them must not undo what another has done.
    /// </summary>
    /// <exception cref="UnknownMasterKeyException">This process does not have that key; another may.</exception>
    public async Task<RewrapResult> RunAsync(string targetKeyId, CancellationToken ct)
    {
        var target = masters.Get(targetKeyId);
        var parts = new[] { await MoveServiceKeysAsync(target, ct), await MoveRingAsync(target, ct), await MoveOwnerKeysAsync(target, ct) };
        var result = new RewrapResult(parts.Sum(p => p.Moved), parts.Sum(p => p.Left));
        if (result.Moved > 0)
        {
            Moved(log, result.Moved, targetKeyId);
        }

        return result;
    }

    private async Task<RewrapResult> MoveServiceKeysAsync(MasterKey target, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var (moved, left) = (0, 0);
        foreach (var row in await db.ServiceKeys.AsNoTracking().Where(k => k.KeyId != target.Id).ToListAsync(ct))
        {
            if (TryRewrap(ServiceKeys.Wrapping, row.KeyId, row.WrappedKey, ServiceKeys.Place(row.Purpose), target) is not { } anew)
            {
                left++;
                continue;
            }

            moved += await db.ServiceKeys.Where(k => k.Purpose == row.Purpose && k.WrappedKey == row.WrappedKey)
                .ExecuteUpdateAsync(s => s.SetProperty(k => k.WrappedKey, anew.Bytes).SetProperty(k => k.KeyId, anew.KeyId), ct);
        }

        return new RewrapResult(moved, left);
    }

    private async Task<RewrapResult> MoveRingAsync(MasterKey target, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var (moved, left) = (0, 0);
        foreach (var row in await db.DataProtectionKeys.AsNoTracking().Where(k => k.Xml != null).ToListAsync(ct))
        {
            try
            {
                if (WrappedXml.Rewrap(masters, row.Xml!, target) is { } anew)
                {
                    moved += await db.DataProtectionKeys.Where(k => k.Id == row.Id && k.Xml == row.Xml).ExecuteUpdateAsync(s => s.SetProperty(k => k.Xml, anew), ct);
                }
            }
            catch (CryptographicException e)
            {
                Unreadable(log, WrappedXml.TryGetKey(row.Xml!, out var keyId) ? keyId : null, e.Message);
                left++;
            }
        }

        return new RewrapResult(moved, left);
    }

    private async Task<RewrapResult> MoveOwnerKeysAsync(MasterKey target, CancellationToken ct)
    {
        var (moved, left, fruitless) = (0, 0, 0);
        while (fruitless < MostFruitless)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);

            // What is done falls out of the query; what cannot be read stands in front of what comes, and is passed over.
            var rows = await db.OwnerKeys.AsNoTracking().Where(k => k.KeyId == null || k.KeyId != target.Id)
                .OrderBy(k => k.Owner).ThenBy(k => k.OwnerId).Skip(left).Take(Batch).ToListAsync(ct);
            if (rows.Count == 0)
            {
                break;
            }

            var before = moved + left;
            foreach (var row in rows)
            {
                if (TryRewrap(Sealer.Wrapping, row.KeyId, row.WrappedKey, Sealer.Place(row.Owner, row.OwnerId), target) is not { } anew)
                {
                    left++;
                    continue;
                }

                moved += await db.OwnerKeys.Where(k => k.Owner == row.Owner && k.OwnerId == row.OwnerId && k.WrappedKey == row.WrappedKey)
                    .ExecuteUpdateAsync(s => s.SetProperty(k => k.WrappedKey, anew.Bytes).SetProperty(k => k.KeyId, anew.KeyId), ct);
            }

            fruitless = moved + left == before ? fruitless + 1 : 0;
        }

        return new RewrapResult(moved, left);
    }

    private Wrapped? TryRewrap(string purpose, string? keyId, byte[] bytes, string place, MasterKey target)
    {
        try
        {
            return masters.Rewrap(purpose, keyId, bytes, place, target);
        }
        catch (CryptographicException e)
        {
            Unreadable(log, keyId, e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} keys were wrapped anew with the master key {KeyId}.")]
    private static partial void Moved(ILogger log, int count, string keyId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A key wrapped by the master key {KeyId} cannot be read and stays as it is: {Reason}")]
    private static partial void Unreadable(ILogger log, string? keyId, string reason);
}
