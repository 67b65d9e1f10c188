using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Clusters.Departures;

/// <summary>
/// Counts the rows that the live pages' watches bring: one entry for each cluster, kind and hour, however busy the cluster is. Written
/// when a list is complete and then every minute; a killed process loses the counts of its last minute, never the entry.
/// </summary>
public sealed class WatchLedger(IDbContextFactory<AppDbContext> contexts, TimeProvider clock, ILogger<WatchLedger> log) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _gate = new(1);
    private Dictionary<(Guid ClusterId, string Kind, DateTimeOffset Hour), (int Rows, long Bytes)> _open = [];

    /// <summary>How often the counts are written.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    internal void Add(Guid clusterId, string kind, int bytes)
    {
        var key = (clusterId, kind, Hour(clock.GetUtcNow()));
        lock (_lock)
        {
            var (rows, total) = _open.GetValueOrDefault(key);
            _open[key] = (rows + 1, total + bytes);
        }
    }

    /// <summary>Adds what was counted to the entries of its hour.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        // One at a time: two could both find no entry of the hour yet, and make two.
        await _gate.WaitAsync(ct);
        try
        {
            await WriteAllAsync(ct);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task WriteAllAsync(CancellationToken ct)
    {
        Dictionary<(Guid ClusterId, string Kind, DateTimeOffset Hour), (int Rows, long Bytes)> counted;
        lock (_lock)
        {
            (counted, _open) = (_open, []);
        }

        foreach (var (key, counts) in counted)
        {
            try
            {
                await WriteAsync(key, counts, ct);
            }
            catch (Exception e) when (e is DbUpdateException or System.Data.Common.DbException or OperationCanceledException)
            {
                log.LogInformation("What a watch brought could not be written down now ({Error})", e.GetType().Name);
                PutBack(key, counts);
            }
        }
    }

    private async Task WriteAsync((Guid ClusterId, string Kind, DateTimeOffset Hour) key, (int Rows, long Bytes) counts, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Departures
            .Where(d => d.ClusterId == key.ClusterId && d.At == key.Hour && d.Operation == DepartureOperation.Watch && d.Kind == key.Kind)
            .ExecuteUpdateAsync(s => s.SetProperty(d => d.Count, d => d.Count + counts.Rows).SetProperty(d => d.Bytes, d => d.Bytes + counts.Bytes), ct);
        if (found == 0 && await db.Clusters.AnyAsync(c => c.Id == key.ClusterId, ct))
        {
            db.Departures.Add(new Departure
            {
                Id = Ids.New(clock), ClusterId = key.ClusterId, At = key.Hour, Operation = DepartureOperation.Watch, Kind = key.Kind, ActorKind = ActorKind.System, Count = counts.Rows, Bytes = counts.Bytes,
            });
            await db.SaveChangesAsync(ct);
        }
    }

    private void PutBack((Guid ClusterId, string Kind, DateTimeOffset Hour) key, (int Rows, long Bytes) counts)
    {
        lock (_lock)
        {
            var (rows, bytes) = _open.GetValueOrDefault(key);
            _open[key] = (rows + counts.Rows, bytes + counts.Bytes);
        }
    }

    private static DateTimeOffset Hour(DateTimeOffset at) => new(at.Year, at.Month, at.Day, at.Hour, 0, 0, TimeSpan.Zero);
}
