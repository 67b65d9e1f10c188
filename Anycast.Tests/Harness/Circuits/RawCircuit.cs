using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Anycast.Tests.Harness.Circuits;

/// <summary>
/// A browser without a screen, and without manners: it opens a page's circuit over the real WebSocket and says whatever a test wants, also what no
/// page would let a person do.
/// </summary>
internal sealed partial class RawCircuit : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<object?>> _answers = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<(bool Ok, string Result)>> _events = new();
    private readonly ConcurrentDictionary<ulong, PageHandler> _handlers = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private Task _reading = Task.CompletedTask;
    private long _count;
    private long _renderer = -1;
    private volatile bool _drawn;

    private RawCircuit()
    {
    }

    /// <summary>Whether a circuit was given.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>What the service said went wrong with the circuit as a whole.</summary>
    public string? Error { get; private set; }

    /// <summary>When the page was told to load anew, by the stopwatch's clock; 0 while it was not.</summary>
    public long SentAwayAt { get; private set; }

    /// <summary>Every handler that was ever drawn.</summary>
    public IReadOnlyCollection<PageHandler> Handlers => [.. _handlers.Values];

    /// <summary>The calls into the browser, for messages of failed tests.</summary>
    public string Calls => string.Join('\n', _calls);

    /// <summary>Whether the connection still stands.</summary>
    public bool IsConnected => !_reading.IsCompleted;

    /// <summary>Opens the circuit of a page with a session's cookie, and waits for its first drawing unless it got none.</summary>
    public static async Task<RawCircuit> OpenAsync(HttpClient client, Uri address, string path, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        using var page = await client.SendAsync(request);
        var html = await page.Content.ReadAsStringAsync();
        Assert.True(page.IsSuccessStatusCode, $"{path}: {(int)page.StatusCode}");
        return await OpenAsync(address, path, cookie, html);
    }

    /// <summary>The same from a page that was loaded before.</summary>
    public static async Task<RawCircuit> OpenAsync(Uri address, string path, string? cookie, string html)
    {
        var circuit = new RawCircuit();
        try
        {
            await circuit.ConnectAsync(address, cookie);
            await circuit.StartAsync(address, path, html);
            return circuit;
        }
        catch
        {
            await circuit.DisposeAsync();
            throw;
        }
    }

    /// <summary>The handler of an element that has an attribute, when it was drawn.</summary>
    public async Task<PageHandler> HandlerAsync(Func<PageHandler, bool> which, string what)
    {
        await Eventually.TrueAsync(() => _handlers.Values.Any(which) || !IsConnected, $"{what} is drawn", TimeSpan.FromSeconds(30));
        return _handlers.Values.Where(which).OrderBy(h => h.Id).LastOrDefault() ?? throw new InvalidOperationException($"Not drawn: {what}. {Error}\n{Calls}");
    }

    /// <summary>Says that an event happened; true when a handler ran without an exception.</summary>
    public async Task<(bool Ok, string Result)> RaiseAsync(ulong handler, string name, string arguments = "{\"type\":\"click\",\"detail\":1}")
    {
        var (id, answer) = await SendEventAsync(handler, name, arguments);
        try
        {
            return await answer.WaitAsync(TimeSpan.FromSeconds(60), _stop.Token);
        }
        finally
        {
            _events.TryRemove(id, out _);
        }
    }

    /// <summary>The same without waiting.</summary>
    public async Task<(string Id, Task<(bool Ok, string Result)> Answer)> SendEventAsync(ulong handler, string name, string arguments = "{\"type\":\"click\",\"detail\":1}")
    {
        var id = Interlocked.Increment(ref _count).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<(bool, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _events[id] = answer;
        await SendAsync(BlazorPack.Invocation("BeginInvokeDotNetFromJS", null, id, null, "DispatchEventAsync", _renderer, $"[{{\"eventHandlerId\":{handler},\"eventName\":\"{name}\",\"eventFieldInfo\":null}},{arguments}]"));
        if (!IsConnected || Error is not null)
        {
            answer.TrySetException(new IOException(Error ?? "The connection is gone."));
        }

        return (id, answer.Task);
    }

    /// <summary>Calls a method of an object that the page gave to scripts.</summary>
    public async Task<(bool Ok, string Result)> InvokeAsync(long target, string method, string arguments)
    {
        var id = Interlocked.Increment(ref _count).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<(bool, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _events[id] = answer;
        await SendAsync(BlazorPack.Invocation("BeginInvokeDotNetFromJS", null, id, null, method, target, arguments));
        return await answer.Task.WaitAsync(TimeSpan.FromSeconds(60), _stop.Token);
    }

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendAsync(byte[] message)
    {
        await _sending.WaitAsync(_stop.Token);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, _stop.Token);
        }
        catch (WebSocketException)
        {
            // The service hung up; IsConnected says so.
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Hangs up as a browser does that closes its tab: the circuit ends at once.</summary>
    public async Task CloseTabAsync(HttpClient client, Uri address)
    {
        using var form = new MultipartFormDataContent { { new StringContent(CircuitId), "circuitId" } };
        using var answer = await client.PostAsync(new Uri(address, "_blazor/disconnect"), form);
        Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString());
    }

    /// <summary>The secret by which the framework knows the circuit.</summary>
    public string CircuitId { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Abort();
        try
        {
            await _reading;
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // Hung up; who waits for a message sees it end in one of these.
        }

        _socket.Dispose();
        _stop.Dispose();
        _sending.Dispose();
    }

    private async Task ConnectAsync(Uri address, string? cookie)
    {
        if (cookie is not null)
        {
            _socket.Options.SetRequestHeader("Cookie", cookie);
        }

        await _socket.ConnectAsync(new UriBuilder(new Uri(address, "_blazor")) { Scheme = "ws" }.Uri, _stop.Token);
        await _socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"), WebSocketMessageType.Text, endOfMessage: true, _stop.Token);
        var hello = await ReceiveAsync() ?? throw new IOException("No handshake.");
        Assert.Equal("{}\u001e", Encoding.UTF8.GetString(hello));
        _reading = Task.Run(ReadAsync);
    }

    private async Task StartAsync(Uri address, string path, string html)
    {
        var answer = _answers["start"] = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(BlazorPack.Invocation("StartCircuit", "start", address.ToString(), new Uri(address, path).ToString(), "[]", ""));
        CircuitId = await answer.Task.WaitAsync(TimeSpan.FromSeconds(60)) as string ?? "";
        IsOpen = CircuitId.Length > 0;
        if (!IsOpen)
        {
            return;
        }

        var operations = new JsonArray();
        foreach (Match marker in MarkerPattern().Matches(html))
        {
            if (JsonNode.Parse(marker.Groups[1].Value) is JsonObject component && component["descriptor"] is not null)
            {
                operations.Add(new JsonObject { ["type"] = "add", ["ssrComponentId"] = operations.Count + 1, ["marker"] = component });
            }
        }

        var state = StatePattern().Match(html);
        await SendAsync(BlazorPack.Invocation("UpdateRootComponents", null, new JsonObject { ["batchId"] = 1, ["operations"] = operations }.ToJsonString(), state.Success ? state.Groups[1].Value : ""));
        await Eventually.TrueAsync(() => (_drawn && _renderer >= 0) || Error is not null || !IsConnected, "the page is drawn", TimeSpan.FromSeconds(60));
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await ReceiveAsync() is { } frame)
            {
                foreach (var message in BlazorPack.Messages(frame))
                {
                    await HandleAsync(message);
                }
            }
        }
        finally
        {
            Fail("The connection is gone.");
            foreach (var waiting in _answers.Values)
            {
                waiting.TrySetException(new IOException("The connection is gone."));
            }
        }
    }

    /// <summary>Nothing that was asked is answered any more.</summary>
    private void Fail(string why)
    {
        foreach (var waiting in _events.Values)
        {
            waiting.TrySetException(new IOException(why));
        }
    }

    private async Task HandleAsync(object?[] message)
    {
        switch (message[0])
        {
            case 3L when message[2] is string id && _answers.TryGetValue(id, out var answer):
                answer.TrySetResult(message.Length > 4 ? message[4] : null);
                break;
            case 1L when message[3] is string target && message[4] is object?[] arguments:
                await InvokedAsync(target, arguments);
                break;
            case 6L:
                await SendAsync(BlazorPack.Ping());
                break;
        }
    }

    private async Task InvokedAsync(string target, object?[] arguments)
    {
        switch (target)
        {
            case "JS.RenderBatch":
                foreach (var handler in RenderBatch.Handlers((byte[])arguments[1]!))
                {
                    _handlers[handler.Id] = handler;
                }

                _drawn = true;
                await SendAsync(BlazorPack.Invocation("OnRenderCompleted", null, arguments[0], null));
                break;
            case "JS.EndInvokeDotNet":
                if (arguments[0]?.ToString() is { } call && _events.TryRemove(call, out var done))
                {
                    done.TrySetResult(((bool)arguments[1]!, arguments[2]?.ToString() ?? ""));
                }

                break;
            case "JS.BeginInvokeJS":
                await CalledAsync(arguments);
                break;
            case "JS.Error":
                Error = arguments[0]?.ToString();
                Fail("The service ended the circuit: " + Error);
                break;
        }
    }

    /// <summary>A call into the browser: answered as a browser would that does nothing.</summary>
    private async Task CalledAsync(object?[] arguments)
    {
        var text = string.Join(" ", arguments.Select(a => a?.ToString() ?? "null"));
        _calls.Enqueue(text);
        if (text.Contains("attachWebRendererInterop", StringComparison.Ordinal) && ReferencePattern().Match(text) is { Success: true } found)
        {
            _renderer = long.Parse(found.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        }

        if (text.Contains("navigateTo", StringComparison.OrdinalIgnoreCase) && text.Contains("\"forceLoad\":true", StringComparison.OrdinalIgnoreCase))
        {
            SentAwayAt = System.Diagnostics.Stopwatch.GetTimestamp();
        }

        if (arguments[0] is long and not 0)
        {
            var wantsReference = arguments.Length > 3 && arguments[3] is 1L;
            var result = wantsReference ? $"{{\"__jsObjectId\":{Interlocked.Increment(ref _count)}}}" : "null";
            await SendAsync(BlazorPack.Invocation("EndInvokeJSFromDotNet", null, arguments[0], true, $"[{arguments[0]},true,{result}]"));
        }
    }

    private async Task<byte[]?> ReceiveAsync()
    {
        using var whole = new MemoryStream();
        var part = new byte[32 * 1024];
        while (true)
        {
            var read = await _socket.ReceiveAsync(part, _stop.Token);
            if (read.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            whole.Write(part, 0, read.Count);
            if (read.EndOfMessage)
            {
                return whole.ToArray();
            }
        }
    }

    [GeneratedRegex(@"<!--Blazor:(\{.*?\})-->")]
    private static partial Regex MarkerPattern();

    [GeneratedRegex("<!--Blazor-Server-Component-State:([a-zA-Z0-9+/=]+)-->")]
    private static partial Regex StatePattern();

    [GeneratedRegex(@"__dotNetObject[^0-9]{1,4}(\d+)")]
    private static partial Regex ReferencePattern();
}
