using Anycast.Core.Proposals;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Web.Proposals;

/// <summary>Runs the proposals' maintenance; all it knows it finds from rows, so it may run anywhere and at any time.</summary>
internal sealed class ProposalSweeper(ProposalExecution execution, ProposalObserver observer, TimeProvider clock, ILogger<ProposalSweeper> log) : BackgroundService
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every, clock);
        try
        {
            do
            {
                try
                {
                    await execution.RecoverAsync(stoppingToken);
                    await observer.ObserveAsync(stoppingToken);
                }
                catch (Exception e) when (e is System.Data.Common.DbException or DbUpdateException or TimeoutException)
                {
                    log.LogWarning(e, "Proposals could not be looked after; tried again in a moment");
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }
}
