using System.Collections.Concurrent;

namespace Anycast.Core.Assistant.Runs;

/// <summary>Tells open tabs that a conversation has a new message or an ended answer, so that they read it again.</summary>
public sealed class ConversationFeed
{
    private readonly ConcurrentDictionary<Guid, ConcurrentDictionary<Guid, Action>> _listeners = new();

    /// <summary>The handler must be short and hand over to its own thread. Dispose to end.</summary>
    public IDisposable Subscribe(Guid conversationId, Action handler)
    {
        var id = Guid.NewGuid();
        _listeners.GetOrAdd(conversationId, _ => new()).TryAdd(id, handler);
        return new Subscription(this, conversationId, id);
    }

    internal void Notify(Guid conversationId)
    {
        if (_listeners.TryGetValue(conversationId, out var handlers))
        {
            foreach (var handler in handlers.Values)
            {
                handler();
            }
        }
    }

    private sealed class Subscription(ConversationFeed feed, Guid conversationId, Guid id) : IDisposable
    {
        public void Dispose()
        {
            if (feed._listeners.TryGetValue(conversationId, out var handlers))
            {
                handlers.TryRemove(id, out _);
                if (handlers.IsEmpty)
                {
                    // A listener that comes in between is kept: only an empty dictionary of this very instance is removed.
                    feed._listeners.TryRemove(new KeyValuePair<Guid, ConcurrentDictionary<Guid, Action>>(conversationId, handlers));
                    if (!handlers.IsEmpty)
                    {
                        foreach (var pair in handlers)
                        {
                            feed._listeners.GetOrAdd(conversationId, _ => new()).TryAdd(pair.Key, pair.Value);
                        }
                    }
                }
            }
        }
    }
}
