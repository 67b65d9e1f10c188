using System.Threading.Channels;

namespace Anycast.Sandbox.Storage;

/// <summary>What happened to an object.</summary>
internal enum ChangeType
{
    Added = 1,
    Modified = 2,
    Deleted = 3,
}

/// <summary>One change of one object: the revision it has now (for a deletion the last, under the deletion's version), the one before, and which part was written.</summary>
internal sealed record Change(ChangeType Type, StoredObject Object, StoredObject? Previous, WritePart Part = WritePart.Everything);

/// <summary>
/// The recent changes of one kind, bounded as the API server's watch cache is, and the watchers that follow it.
/// Not thread-safe: the store calls it under its lock.
/// </summary>
internal sealed class ChangeLog(int capacity, long oldestVersion)
{
    private readonly Queue<Change> _changes = new();
    private readonly List<Channel<Change>> _watchers = [];

    /// <summary>Watches can resume from this version on; older ones are gone.</summary>
    public long OldestVersion { get; private set; } = oldestVersion;

    public void Append(Change change)
    {
        _changes.Enqueue(change);
        if (_changes.Count > capacity)
        {
            OldestVersion = _changes.Dequeue().Object.ResourceVersion;
        }

        for (var i = _watchers.Count - 1; i >= 0; i--)
        {
            if (!_watchers[i].Writer.TryWrite(change))
            {
                // Too slow a reader is cut off, as in Kubernetes; it resumes from the last version it saw.
                _watchers[i].Writer.TryComplete();
                _watchers.RemoveAt(i);
            }
        }
    }

    public IReadOnlyList<Change> Since(long version) => [.. _changes.Where(c => c.Object.ResourceVersion > version)];

    public Channel<Change> Follow()
    {
        var channel = Channel.CreateBounded<Change>(new BoundedChannelOptions(8192) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        _watchers.Add(channel);
        return channel;
    }

    public void Leave(Channel<Change> watcher) => _watchers.Remove(watcher);

    /// <summary>Forgets all history: every older resource version answers 410 from now on.</summary>
    public void Expire(long version)
    {
        _changes.Clear();
        OldestVersion = version;
    }

    /// <summary>Ends every watch of this kind.</summary>
    public void DropWatchers()
    {
        foreach (var watcher in _watchers)
        {
            watcher.Writer.TryComplete();
        }

        _watchers.Clear();
    }
}
