using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Common;
using Microsoft.JSInterop;

namespace Anycast.Web.Assistant;

/// <summary>How a tab follows a growing answer, and hears of what other tabs do.</summary>
public abstract partial class ChatViewBase
{
    private void Listen()
    {
        if (ConversationId is { } id && _listeningTo != id && !_gone.IsCancellationRequested)
        {
            _listening?.Dispose();
            _listeningTo = id;
            _listening = Feed.Subscribe(id, () => _ = InvokeAsync(OnFeedAsync));
        }
    }

    private async Task OnFeedAsync()
    {
        try
        {
            await ReloadAsync();
            StateHasChanged();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The tab was closed meanwhile.
        }
    }

    private async Task TakeUpAsync(Actor actor, Guid id)
    {
        Growing = false;
        _toFollow = null;
        if (Messages is not [.., { State: MessageState.Running } last] || last.LeaseUntil <= Clock.GetUtcNow())
        {
            return;
        }

        var subscription = await Runs.SubscribeAsync(actor, TeamId, id, _gone.Token);
        if (subscription is { IsOk: true, Value: { } found } && found.MessageSeq == last.Seq)
        {
            _toFollow = found;
            Growing = true;
        }
        else
        {
            // It has just ended, or grows in another process: the checkpoints are shown until it ends.
            _ = LookAgainAsync();
        }
    }

    private async Task LookAgainAsync()
    {
        try
        {
            await Task.Delay(s_lookAgain, Clock, _gone.Token);
            await InvokeAsync(OnFeedAsync);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The tab was closed meanwhile.
        }
    }

    private async Task FollowAsync(RunSubscription subscription)
    {
        try
        {
            await foreach (var what in subscription.ReadAsync(_gone.Token))
            {
                await InvokeAsync(() => Live?.ApplyAsync(what, _gone.Token) ?? Task.CompletedTask);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or JSDisconnectedException or ObjectDisposedException or InvalidOperationException or JSException)
        {
            // The tab was closed or has too many beside it; the stored text is shown below.
        }
        finally
        {
            if (!_gone.IsCancellationRequested)
            {
                await InvokeAsync(async () =>
                {
                    _following = false;
                    await OnFeedAsync();
                });
            }
        }
    }
}
