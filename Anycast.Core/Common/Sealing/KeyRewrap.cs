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
        var run = new Run(masters.Get(targetKeyId));
        try
        {
            await MoveServiceKeysAsync(run, ct);
            await MoveRingAsync(run, ct);
            await MoveOwnerKeysAsync(run, ct);
        }
        finally
        {
            Tell(run);
        }

        return new RewrapResult(run.Moved, run.Left);
    }

    private async Task MoveServiceKeysAsync(Run run, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        foreach (var row in await db.ServiceKeys.AsNoTracking().Where(k => k.KeyId != run.Target.Id).ToListAsync(ct))
        {
            if (run.Try(row.KeyId, () => masters.Rewrap(ServiceKeys.Wrapping, row.KeyId, row.WrappedKey, ServiceKeys.Place(row.Purpose), run.Target)) is { } anew)
            {
                run.Moved += await db.ServiceKeys.Where(k => k.Purpose == row.Purpose && k.WrappedKey == row.WrappedKey)
                    .ExecuteUpdateAsync(s => s.SetProperty(k => k.WrappedKey, anew.Bytes).SetProperty(k => k.KeyId, anew.KeyId), ct);
            }
        }
    }

    private async Task MoveRingAsync(Run run, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        foreach (var row in await db.DataProtectionKeys.AsNoTracking().Where(k => k.Xml != null).ToListAsync(ct))
        {
            if (WrappedXml.TryGetKey(row.Xml!, out var keyId) && run.Try(keyId, () => WrappedXml.Rewrap(masters, row.Xml!, run.Target)) is { } anew)
            {
                run.Moved += await db.DataProtectionKeys.Where(k => k.Id == row.Id && k.Xml == row.Xml).ExecuteUpdateAsync(s => s.SetProperty(k => k.Xml, anew), ct);
            }
        }
    }

    private async Task MoveOwnerKeysAsync(Run run, CancellationToken ct)
    {
        var (passed, fruitless) = (0, 0);
        while (fruitless < MostFruitless)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);

            // What is done falls out of the query; what cannot be read stands in front of what comes, and is passed over.
            var rows = await db.OwnerKeys.AsNoTracking().Where(k => k.KeyId == null || k.KeyId != run.Target.Id)
                .OrderBy(k => k.Owner).ThenBy(k => k.OwnerId).Skip(passed).Take(Batch).ToListAsync(ct);
            if (rows.Count == 0)
            {
                break;
            }

            var before = (run.Moved, passed);
            foreach (var row in rows)
            {
                if (run.Try(row.KeyId, () => masters.Rewrap(Sealer.Wrapping, row.KeyId, row.WrappedKey, Sealer.Place(row.Owner, row.OwnerId), run.Target)) is not { } anew)
                {
                    passed++;
                    continue;
                }

                run.Moved += await db.OwnerKeys.Where(k => k.Owner == row.Owner && k.OwnerId == row.OwnerId && k.WrappedKey == row.WrappedKey)
                    .ExecuteUpdateAsync(s => s.SetProperty(k => k.WrappedKey, anew.Bytes).SetProperty(k => k.KeyId, anew.KeyId), ct);
            }

            fruitless = (run.Moved, passed) == before ? fruitless + 1 : 0;
        }
    }

    private void Tell(Run run)
    {
        if (run.Moved > 0)
        {
            Moved(log, run.Moved, run.Target.Id);
        }

        foreach (var ((keyId, reason), count) in run.Unreadable)
        {
            Unreadable(log, count, keyId ?? "of records without an id", reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} keys were wrapped anew with the master key {KeyId}.")]
    private static partial void Moved(ILogger log, int count, string keyId);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} keys wrapped by the master key {KeyId} cannot be read and stay as they are: {Reason}")]
    private static partial void Unreadable(ILogger log, int count, string keyId, string reason);

    /// <summary>What one run has done so far. What cannot be read is told once for each key, however many there are.</summary>
    private sealed class Run(MasterKey target)
    {
        public MasterKey Target { get; } = target;

        public int Moved { get; set; }

        public int Left => Unreadable.Values.Sum();

        public Dictionary<(string? KeyId, string Reason), int> Unreadable { get; } = [];

        public T? Try<T>(string? keyId, Func<T?> rewrap)
            where T : class
        {
            try
            {
                return rewrap();
            }
            catch (CryptographicException e)
            {
                Unreadable[(keyId, e.Message)] = Unreadable.GetValueOrDefault((keyId, e.Message)) + 1;
                return null;
            }
        }
    }
}
