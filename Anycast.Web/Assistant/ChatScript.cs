using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Anycast.Web.Assistant;

/// <summary>The browser's side of one chat: js/chat.js, attached to its composer and scroller.</summary>
public sealed class ChatScript(IJSRuntime js, ChatViewBase owner) : IAsyncDisposable
{
    private readonly DotNetObjectReference<ChatViewBase> _owner = DotNetObjectReference.Create(owner);
    private IJSObjectReference? _attached;

    /// <summary>The module, for the growing answer.</summary>
    public IJSObjectReference? Module { get; private set; }

    public bool IsAttached => _attached is not null;

    /// <summary>Loads the script and attaches it; false when the tab is gone.</summary>
    public async Task<bool> AttachAsync(ElementReference scroller, ElementReference composer, string draft, CancellationToken ct)
    {
        try
        {
            Module ??= await js.InvokeAsync<IJSObjectReference>("import", ct, "./js/chat.js");
            _attached = await Module.InvokeAsync<IJSObjectReference>("attach", ct, scroller, composer, _owner, draft);
            return true;
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Types a question and sends it.</summary>
    public async Task AskAsync(string text, CancellationToken ct)
    {
        if (_attached is not null)
        {
            await _attached.InvokeVoidAsync("ask", ct, text);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_attached is not null)
            {
                await _attached.InvokeVoidAsync("dispose");
                await _attached.DisposeAsync();
            }

            if (Module is not null)
            {
                await Module.DisposeAsync();
            }
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or JSException)
        {
            // The tab is gone, and with it what was attached.
        }

        _owner.Dispose();
    }
}
