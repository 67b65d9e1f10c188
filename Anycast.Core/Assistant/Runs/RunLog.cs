using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// Everything that happened in one growing answer, in order. A subscriber reads from the start and then follows; one that is slow gets
/// larger pieces instead of a longer queue, so nothing grows per subscriber.
/// </summary>
internal sealed class RunLog
{
    private readonly Lock _lock = new();
    private readonly List<AssistantEvent> _events = [];
    private readonly List<Channel<bool>> _waiting = [];

    /// <summary>Adds an event and wakes every subscriber.</summary>
    public void Append(AssistantEvent what)
    {
        lock (_lock)
        {
            _events.Add(what);
            foreach (var signal in _waiting)
            {
                signal.Writer.TryWrite(true);
            }
        }
    }

    /// <summary>All events so far, text pieces joined, then what comes, until the end.</summary>
    /// <exception cref="InvalidOperationException">There are already <see cref="AssistantLimits.SubscribersPerRun"/>.</exception>
    public async IAsyncEnumerable<AssistantEvent> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
        signal.Writer.TryWrite(true);
        lock (_lock)
        {
            if (_waiting.Count >= AssistantLimits.SubscribersPerRun)
            {
                throw new InvalidOperationException("Too many subscribers of one answer.");
            }

            _waiting.Add(signal);
        }

        try
        {
            var next = 0;
            while (await signal.Reader.WaitToReadAsync(ct))
            {
                signal.Reader.TryRead(out _);
                foreach (var what in Take(ref next))
                {
                    yield return what;
                    if (what.IsEnd)
                    {
                        yield break;
                    }
                }
            }
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(signal);
            }
        }
    }

    private List<AssistantEvent> Take(ref int next)
    {
        var taken = new List<AssistantEvent>();
        var text = new System.Text.StringBuilder();
        void Flush()
        {
            if (text.Length > 0)
            {
                taken.Add(new AssistantEvent.TextDelta(text.ToString()));
                text.Clear();
            }
        }

        lock (_lock)
        {
            for (; next < _events.Count; next++)
            {
                if (_events[next] is AssistantEvent.TextDelta delta)
                {
                    text.Append(delta.Text);
                }
                else
                {
                    Flush();
                    taken.Add(_events[next]);
                }
            }
        }

        Flush();
        return taken;
    }
}
