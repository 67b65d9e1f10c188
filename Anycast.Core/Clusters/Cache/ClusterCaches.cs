using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Links;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Clusters.Cache;

/// <summary>The caches of this replica by cluster. A cache fills when its cluster's agent connects and is kept, stale, when it goes.</summary>
public sealed class ClusterCaches : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, ClusterCache> _caches = [];
    private readonly Dictionary<Guid, ClusterFeed> _feeds = [];
    private readonly ClusterLinks _links;
    private readonly WatchLedger _ledger;
    private readonly TimeProvider _clock;
    private readonly ILogger<ClusterCaches> _log;

    public ClusterCaches(ClusterLinks links, WatchLedger ledger, TimeProvider clock, ILogger<ClusterCaches> log)
    {
        _links = links;
        _ledger = ledger;
        _clock = clock;
        _log = log;
        links.Changed += OnLinkChanged;
    }

    /// <summary>A cluster's cache; empty while its agent has not connected to this process. The caller has been authorized for the cluster.</summary>
    public ClusterCache Get(Guid clusterId)
    {
        ClusterCache cache;
        lock (_lock)
        {
            cache = GetLocked(clusterId);
        }

        return cache;
    }

    /// <summary>Forgets a cluster that was removed and tells its viewers.</summary>
    public void Remove(Guid clusterId)
    {
        ClusterCache? cache;
        lock (_lock)
        {
            StopFeedLocked(clusterId);
            _caches.Remove(clusterId, out cache);
        }

        cache?.MarkRemoved();
    }

    public void Dispose()
    {
        _links.Changed -= OnLinkChanged;
        lock (_lock)
        {
            foreach (var id in _feeds.Keys.ToList())
            {
                StopFeedLocked(id);
            }
        }
    }

    private void OnLinkChanged(Guid clusterId, IClusterLink? link)
    {
        lock (_lock)
        {
            StopFeedLocked(clusterId);
            if (link is null)
            {
                _caches.GetValueOrDefault(clusterId)?.SetFeed(null, _clock.GetUtcNow());
                return;
            }

            var cache = GetLocked(clusterId);
            var feed = new ClusterFeed(cache, link, _ledger, _clock, _log);
            _feeds[clusterId] = feed;
            cache.SetFeed(feed, _clock.GetUtcNow());
            feed.Start();
        }
    }

    private ClusterCache GetLocked(Guid clusterId)
    {
        if (_caches.TryGetValue(clusterId, out var cache))
        {
            return cache;
        }

        if (_caches.Count - _feeds.Count >= ClusterLimits.StaleCaches)
        {
            var oldest = _caches.Where(c => !_feeds.ContainsKey(c.Key)).MinBy(c => c.Value.Connection.Since ?? DateTimeOffset.MinValue);
            _caches.Remove(oldest.Key);
        }

        return _caches[clusterId] = new ClusterCache(clusterId, _clock);
    }

    private void StopFeedLocked(Guid clusterId)
    {
        if (_feeds.Remove(clusterId, out var feed))
        {
            feed.Dispose();
        }
    }
}
