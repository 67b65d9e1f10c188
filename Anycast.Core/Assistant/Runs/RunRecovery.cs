using Anycast.Core.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// Finds answers whose process died: at the start of the only process (SQLite) all that were running, and from then on those whose lease
/// has run out. At shutdown, ends the growing ones in order.
/// </summary>
internal sealed class RunRecovery(RunStore store, AssistantRuns runs, ConversationFeed feed, DataOptions data, TimeProvider clock, ILogger<RunRecovery> log) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before anything is served: nothing can be running in this process yet.
        await SweepAsync(all: !data.UsesPostgres, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await runs.StopAllAsync().WaitAsync(TimeSpan.FromSeconds(8), clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AssistantLimits.LeaseRenewal, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(all: false, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Shutdown.
        }
    }

    private async Task SweepAsync(bool all, CancellationToken ct)
    {
        try
        {
            foreach (var conversation in await store.InterruptOrphansAsync(all, ct))
            {
                feed.Notify(conversation);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogError(e, "Looking for interrupted answers failed");
        }
    }
}
