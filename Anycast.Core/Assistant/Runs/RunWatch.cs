using Anycast.Core.Accounts.Restriction;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// Ends growing answers of people who may no longer have them: restricted (R05), blocked, or out of the team. At once when it happened in this
/// process, and within <see cref="AssistantLimits.RunWatchEvery"/> when it happened in another.
/// </summary>
internal sealed class RunWatch(AssistantRuns runs, LessAllowed less, TimeProvider clock, ILogger<RunWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var wake = new SemaphoreSlim(0);
        void Wake() => wake.Release();
        less.Happened += Wake;
        try
        {
            while (true)
            {
                await LookAsync(stoppingToken);
                await WaitAsync(wake, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Shutdown.
        }
        finally
        {
            less.Happened -= Wake;
        }
    }

    private async Task WaitAsync(SemaphoreSlim wake, CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(wake.WaitAsync(ended.Token), Task.Delay(AssistantLimits.RunWatchEvery, clock, ended.Token));
        await ended.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            await runs.EndForbiddenAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogError(e, "Looking whether answers may still grow failed");
        }
    }
}
