using System.Text;
using System.Threading.Channels;
using Anycast.Core.Assistant.Models;
using Anycast.Core.Usage;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// One growing answer, owned by the server: it goes on when the tab that asked is closed. The loop that reads the provider and the flusher
/// are joined by a bounded channel, so that a slow database slows the reading and nothing piles up.
/// </summary>
internal sealed class AssistantRun : IDisposable
{
    private readonly AnswerLoop _loop;
    private readonly RunStore _store;
    private readonly AssistantTimings _timings;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _cancel = new();
    private readonly StringBuilder _text = new();
    private InterruptReason _reason = InterruptReason.Limit;
    private TokenCount _tokens = TokenCount.None;
    private Task _saving = Task.CompletedTask;
    private int _saved;
    private long _savedAt;

    public AssistantRun(AnswerContext answer, AnswerLoop loop, RunStore store, AssistantTimings timings, TimeProvider clock, ILogger log)
    {
        Answer = answer;
        _loop = loop;
        _store = store;
        _timings = timings;
        _clock = clock;
        _log = log;
    }

    public AnswerContext Answer { get; }

    public RunLog Log { get; } = new();

    /// <summary>Ends it early; the partial answer is kept. The first reason holds.</summary>
    public void Cancel(InterruptReason reason)
    {
        try
        {
            if (!_cancel.IsCancellationRequested)
            {
                _reason = reason;
                _cancel.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    /// <summary>Runs to the end. Never throws: whatever happens ends in an event and a stored state.</summary>
    public async Task RunAsync()
    {
        _cancel.CancelAfter(_timings.Answer);
        var channel = Channel.CreateBounded<AssistantEvent>(new BoundedChannelOptions(AssistantLimits.PendingUpdates) { SingleReader = true, SingleWriter = true });
        using var alive = new CancellationTokenSource();
        var lease = RenewLeaseAsync(alive.Token);
        var making = MakeAsync(channel.Writer);
        await FlushAsync(channel.Reader);
        var end = await making;
        await alive.CancelAsync();
        await lease;
        await SaveEndAsync(end);
        Log.Append(end);
    }

    public void Dispose() => _cancel.Dispose();

    private async Task<AssistantEvent> MakeAsync(ChannelWriter<AssistantEvent> output)
    {
        try
        {
            return await _loop.RunAsync(Answer, output, _cancel.Token);
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            return new AssistantEvent.Interrupted(_reason);
        }
        catch (AssistantException e)
        {
            _log.LogWarning("Answer {Run} of model {Model} failed: {Kind} ({Inner})", Answer.Key.RunId, Answer.Model.Model, e.Failure.Kind, e.InnerException?.GetType().Name);
            return new AssistantEvent.Failed(e.Failure);
        }
        catch (Exception e)
        {
            _log.LogError(e, "Answer {Run} failed", Answer.Key.RunId);
            return new AssistantEvent.Failed(new AssistantFailure(AssistantFailureKind.Internal));
        }
        finally
        {
            output.Complete();
        }
    }

    /// <summary>Passes on at once what comes after a pause, and else everything of <see cref="AssistantTimings.Flush"/> together.</summary>
    private async Task FlushAsync(ChannelReader<AssistantEvent> input)
    {
        var piece = new StringBuilder();
        while (await input.WaitToReadAsync())
        {
            while (input.TryRead(out var what))
            {
                if (what is AssistantEvent.TextDelta delta)
                {
                    piece.Append(delta.Text);
                    continue;
                }

                Publish(piece);
                if (what is AssistantEvent.Used used)
                {
                    _tokens = used.Tokens;
                }

                Log.Append(what);
            }

            Publish(piece);
            Checkpoint();
            if (_timings.Flush > TimeSpan.Zero && !input.Completion.IsCompleted)
            {
                // The end of the stream must not wait for the clock.
                await Task.WhenAny(Task.Delay(_timings.Flush, _clock), input.Completion);
            }
        }
    }

    private void Publish(StringBuilder piece)
    {
        if (piece.Length == 0)
        {
            return;
        }

        var text = piece.ToString();
        piece.Clear();
        lock (_text)
        {
            _text.Append(text);
        }

        Log.Append(new AssistantEvent.TextDelta(text));
    }

    /// <summary>At the first text, then after a second or 2 KB (R10). A save that still runs is not waited for: the next one has more.</summary>
    private void Checkpoint()
    {
        var length = Length;
        var due = length > 0 && (_saved == 0
            || length - _saved >= AssistantLimits.CheckpointLength
            || (length > _saved && _clock.GetElapsedTime(_savedAt) >= _timings.Checkpoint));
        if (due && _saving.IsCompleted)
        {
            _saved = length;
            _savedAt = _clock.GetTimestamp();
            _saving = SaveAsync();
        }
    }

    private async Task SaveAsync()
    {
        try
        {
            await _store.CheckpointAsync(Answer.Key, Text(), CancellationToken.None);
        }
        catch (Exception e)
        {
            // The next checkpoint carries this text too; the end is saved with tries of its own.
            _log.LogWarning(e, "Checkpoint of answer {Run} failed", Answer.Key.RunId);
        }
    }

    private async Task RenewLeaseAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(AssistantLimits.LeaseRenewal, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                await SaveAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The answer has ended.
        }
    }

    private async Task SaveEndAsync(AssistantEvent end)
    {
        await _saving;
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            try
            {
                await _store.FinishAsync(Answer.Key, Text(), end, _tokens, CancellationToken.None);
                return;
            }
            catch (Exception e)
            {
                _log.LogError(e, "Saving the end of answer {Run} failed, try {Attempt}", Answer.Key.RunId, attempt);
                await Task.Delay(TimeSpan.FromSeconds(attempt), _clock);
            }
        }

        // The row's lease runs out and it is shown as interrupted with the last checkpoint's text.
    }

    private int Length
    {
        get
        {
            lock (_text)
            {
                return _text.Length;
            }
        }
    }

    private string Text()
    {
        lock (_text)
        {
            return _text.ToString();
        }
    }
}
