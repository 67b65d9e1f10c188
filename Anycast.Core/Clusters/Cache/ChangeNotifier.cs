namespace Anycast.Core.Clusters.Cache;

/// <summary>
/// Tells subscribers of changes: the first at once, then at most one every <see cref="ClusterLimits.NotifyEvery"/>, each with all that came
/// together meanwhile. A slow or throwing subscriber holds up nobody.
/// </summary>
internal sealed class ChangeNotifier(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<Subscription> _subscriptions = [];

    public IDisposable Subscribe(Action<ClusterChange> handler)
    {
        var subscription = new Subscription(this, handler, clock);
        lock (_lock)
        {
            _subscriptions.Add(subscription);
        }

        return subscription;
    }

    public int Subscribers
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions.Count;
            }
        }
    }

    public void Notify(string? kind = null, bool connection = false, bool removed = false)
    {
        Subscription[] all;
        lock (_lock)
        {
            if (_subscriptions.Count == 0)
            {
                return;
            }

            all = [.. _subscriptions];
        }

        foreach (var subscription in all)
        {
            subscription.Add(kind, connection, removed);
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_lock)
        {
            _subscriptions.Remove(subscription);
        }
    }

    private sealed class Subscription : IDisposable
    {
        private readonly ChangeNotifier _owner;
        private readonly Action<ClusterChange> _handler;
        private readonly TimeProvider _clock;
        private readonly ITimer _timer;
        private readonly Lock _lock = new();
        private HashSet<string> _kinds = [];
        private bool _connection;
        private bool _removed;
        private bool _armed;
        private bool _disposed;
        private long _lastSent;

        public Subscription(ChangeNotifier owner, Action<ClusterChange> handler, TimeProvider clock)
        {
            _owner = owner;
            _handler = handler;
            _clock = clock;
            _timer = clock.CreateTimer(static state => ((Subscription)state!).Send(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public void Add(string? kind, bool connection, bool removed)
        {
            lock (_lock)
            {
                if (kind is not null)
                {
                    _kinds.Add(kind);
                }

                _connection |= connection;
                _removed |= removed;
                if (_armed || _disposed)
                {
                    return;
                }

                _armed = true;
                var since = _lastSent == 0 ? ClusterLimits.NotifyEvery : _clock.GetElapsedTime(_lastSent);
                var due = since >= ClusterLimits.NotifyEvery ? TimeSpan.Zero : ClusterLimits.NotifyEvery - since;
                _timer.Change(due, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
            }

            _timer.Dispose();
            _owner.Remove(this);
        }

        private void Send()
        {
            ClusterChange change;
            lock (_lock)
            {
                if (_disposed)
                {
                    return;
                }

                change = new ClusterChange(_kinds, _connection, _removed);
                _kinds = [];
                _connection = _removed = _armed = false;
                _lastSent = _clock.GetTimestamp();
            }

            try
            {
                _handler(change);
            }
            catch (ObjectDisposedException)
            {
                // A page that closed between the two lines above.
            }
        }
    }
}
