using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Links;
using Anycast.Tunnel.Rows;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Clusters.Cache;

/// <summary>Feeds a cache over one link: one stream per kind, begun again with growing, jittered pauses when it breaks while the link lives.</summary>
internal sealed class ClusterFeed(ClusterCache cache, IClusterLink link, WatchLedger ledger, TimeProvider clock, ILogger log) : IDisposable
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();

    public IClusterLink Link => link;

    public void Start()
    {
        foreach (var kind in ClusterKinds.WithRows)
        {
            _ = Task.Run(() => FollowAsync(kind, _stop.Token));
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task FollowAsync(string kind, CancellationToken stop)
    {
        var pause = s_firstPause;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await StreamAsync(kind, stop))
                {
                    pause = s_firstPause;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or FormatException or System.Text.Json.JsonException or InvalidOperationException)
            {
                log.LogInformation("The stream of {Kind} of cluster {Cluster} broke: {Reason}", kind, cache.ClusterId, e.GetType().Name);
            }

            try
            {
                await Task.Delay(pause + Random.Shared.NextDouble() * pause, clock, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 > s_longestPause ? s_longestPause : pause * 2;
        }
    }

    /// <summary>True when the stream got as far as a complete list.</summary>
    private async Task<bool> StreamAsync(string kind, CancellationToken stop)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
        silence.CancelAfter(ClusterLimits.StreamSilence);
        var synced = false;
        await foreach (var change in link.WatchRowsAsync(kind, silence.Token))
        {
            silence.CancelAfter(ClusterLimits.StreamSilence);
            stop.ThrowIfCancellationRequested();
            if (change.Type is RowChangeType.Upsert or RowChangeType.Delete)
            {
                ledger.Add(cache.ClusterId, kind, change.Bytes);
            }

            cache.Apply(this, kind, change);
            if (change.Type == RowChangeType.Synced)
            {
                synced = true;
                await ledger.FlushAsync(stop);
            }
        }

        return synced;
    }
}
