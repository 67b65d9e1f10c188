using System.Collections.Concurrent;
using System.Text;
using Microsoft.Playwright;

namespace Anycast.Tests.Harness;

/// <summary>All that a browser receives: the bodies of answers, and the frames of its circuits, put together again over their borders.</summary>
public sealed class BrowserSink
{
    private readonly ConcurrentQueue<Task<byte[]>> _bodies = new();
    private readonly ConcurrentQueue<byte[]> _frames = new();

    /// <summary>Begins to note what a page receives.</summary>
    public BrowserSink(IPage page)
    {
        page.Response += (_, response) => _bodies.Enqueue(BodyAsync(response));
        page.WebSocket += (_, socket) => socket.FrameReceived += (_, frame) => _frames.Enqueue(frame.Binary ?? Encoding.UTF8.GetBytes(frame.Text ?? ""));
    }

    /// <summary>What the circuits received so far.</summary>
    public byte[] Frames() => [.. _frames.SelectMany(f => f)];

    /// <summary>The bodies of all answers so far.</summary>
    public async Task<byte[]> BodiesAsync() => [.. (await Task.WhenAll(_bodies)).SelectMany(b => b)];

    private static async Task<byte[]> BodyAsync(IResponse response)
    {
        try
        {
            return await response.BodyAsync();
        }
        catch (PlaywrightException)
        {
            return []; // A redirect, or a page that was left before its body was there.
        }
    }
}
