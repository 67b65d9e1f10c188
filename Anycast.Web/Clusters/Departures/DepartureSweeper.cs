using Anycast.Core.Clusters.Departures;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Web.Clusters.Departures;

/// <summary>Every minute, and once more at the end, writes down what the watches brought; every hour deletes what is older than it may be.</summary>
internal sealed class DepartureSweeper(WatchLedger ledger, DepartureService departures, TimeProvider clock, ILogger<DepartureSweeper> log) : BackgroundService
{
    private static readonly TimeSpan s_cleanEvery = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(WatchLedger.Every, clock);
        DateTimeOffset? cleaned = null;
        try
        {
            do
            {
                try
                {
                    await ledger.FlushAsync(stoppingToken);
                    if (cleaned is null || clock.GetUtcNow() - cleaned >= s_cleanEvery)
                    {
                        await departures.DeleteOldAsync(stoppingToken);
                        cleaned = clock.GetUtcNow();
                    }
                }
                catch (Exception e) when (e is System.Data.Common.DbException or DbUpdateException or TimeoutException)
                {
                    log.LogWarning(e, "The list of what left the clusters could not be kept; tried again in a minute");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await ledger.FlushAsync(CancellationToken.None);
        }
    }
}
