using System.Threading.Channels;
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
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        void Wake() => wake.Writer.TryWrite(true);
        less.Happened += Wake;
        try
        {
            while (true)
            {
                await LookAsync(stoppingToken);
                await WaitAsync(wake.Reader, stoppingToken);
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

    private async Task WaitAsync(ChannelReader<bool> wake, CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(wake.WaitToReadAsync(ended.Token).AsTask(), Task.Delay(AssistantLimits.RunWatchEvery, clock, ended.Token));
        await ended.CancelAsync();
        wake.TryRead(out _);
        ct.ThrowIfCancellationRequested();
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            await runs.EndForbiddenAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogError(e, "Looking whether answers may still grow failed");
        }
    }
}
