using System.Collections.Concurrent;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Clusters.Departures;

/// <summary>
/// Writes down what left a cluster before anybody gets it: what can't be written down is not handed on. Those that come at once share a
/// transaction, so that a diagnosis that reads twenty kinds costs a few commits and not twenty. An object's open page reads it again with
/// each of its changes: within a minute that is one entry, which counts.
/// </summary>
public sealed class DepartureLog(IDbContextFactory<AppDbContext> contexts, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentQueue<(Departure Row, TaskCompletionSource Done)> _waiting = new();
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<(Guid ClusterId, Guid? UserId, Guid? RunId, string Kind, string Namespace, string Name), (Guid Id, DateTimeOffset At)> _recent = [];

    /// <summary>Repeated reads of one object by one person, or for one answer, within this time are one entry.</summary>
    public static readonly TimeSpan OneEntry = TimeSpan.FromMinutes(1);

    /// <summary>Returns once the entry is in the database.</summary>
    internal async Task RecordAsync(Guid clusterId, Actor actor, DepartureOperation operation, (string Kind, string Namespace, string Name) what, long bytes, int? withheld, CancellationToken ct)
    {
        var row = new Departure
        {
            Id = Ids.New(clock),
            ClusterId = clusterId,
            At = clock.GetUtcNow(),
            Operation = operation,
            Kind = Cut(what.Kind, 64),
            Namespace = Cut(what.Namespace, 63),
            Name = Cut(what.Name, 253),
            UserId = actor.IsUser ? actor.UserId : null,
            RunId = actor.RunId,
            ActorKind = actor.Kind,
            ActorName = Cut(actor.Name, 400),
            Bytes = bytes,
            Withheld = withheld,
        };
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((row, done));
        await _gate.WaitAsync(ct);
        try
        {
            if (!done.Task.IsCompleted)
            {
                await WriteAsync();
            }
        }
        finally
        {
            _gate.Release();
        }

        await done.Task;
    }

    public void Dispose() => _gate.Dispose();

    private async Task WriteAsync()
    {
        var batch = new List<(Departure Row, TaskCompletionSource Done)>();
        while (_waiting.TryDequeue(out var next))
        {
            batch.Add(next);
        }

        try
        {
            // Without the callers' tokens: one who leaves must not take the others' entries along.
            await using var db = await contexts.CreateDbContextAsync(CancellationToken.None);
            await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
            foreach (var (row, _) in batch)
            {
                if (!await AddToRecentAsync(db, row))
                {
                    db.Departures.Add(row);
                    await db.SaveChangesAsync(CancellationToken.None);
                }
            }

            await transaction.CommitAsync(CancellationToken.None);
            batch.ForEach(b => Remember(b.Row));
            batch.ForEach(b => b.Done.SetResult());
        }
        catch (Exception e)
        {
            batch.ForEach(b => b.Done.SetException(e));
        }
    }

    private async Task<bool> AddToRecentAsync(AppDbContext db, Departure row) =>
        row.Operation == DepartureOperation.Get && _recent.TryGetValue(Key(row), out var before) && row.At - before.At < OneEntry
        && await db.Departures.Where(d => d.Id == before.Id).ExecuteUpdateAsync(
            s => s.SetProperty(d => d.Count, d => d.Count + 1).SetProperty(d => d.Bytes, d => d.Bytes + row.Bytes).SetProperty(d => d.Withheld, d => d.Withheld + row.Withheld),
            CancellationToken.None) > 0;

    private void Remember(Departure row)
    {
        if (row.Operation == DepartureOperation.Get && (!_recent.TryGetValue(Key(row), out var before) || row.At - before.At >= OneEntry))
        {
            if (_recent.Count >= 1000)
            {
                _recent.Clear();
            }

            _recent[Key(row)] = (row.Id, row.At);
        }
    }

    private static (Guid, Guid?, Guid?, string, string, string) Key(Departure row) => (row.ClusterId, row.UserId, row.RunId, row.Kind, row.Namespace, row.Name);

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
