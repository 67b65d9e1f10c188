using Anycast.Core.Agents;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Web.Agents;

/// <summary>Runs <see cref="AgentMaintenance"/> every two seconds, so that a revocation on any replica cuts the tunnel here within five.</summary>
internal sealed class AgentSweeper(AgentMaintenance maintenance, TimeProvider clock, ILogger<AgentSweeper> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AgentLimits.Sweep, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await maintenance.RunAsync(stoppingToken);
                }
                catch (Exception e) when (e is System.Data.Common.DbException or DbUpdateException or TimeoutException)
                {
                    log.LogWarning(e, "Agents could not be compared with their rows; tried again in a moment");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops.
        }
    }
}
