using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Connection;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Serving;

/// <summary>
/// One Rows stream: lists in pages, then watches with bookmarks, for as long as the service reads. An expired watch (410) begins
/// anew with a Reset; an API server that goes away is asked again with back-off. Flushing waits for the reader, so a slow reader
/// slows this stream and nothing else.
/// </summary>
internal sealed class RowStream : IDisposable
{
    private const int PageSize = 500;
    private const int FlushAt = 32 * 1024;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortWatch = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Refused = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly KubernetesApi api;
    private readonly ResourceKind kind;
    private readonly string? ns;
    private readonly PipeWriter output;
    private readonly RowWriter rows;
    private readonly RowBuilder builder;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly AgingRows aging = new();
    private string resourceVersion = "";
    private long judgedAt;
    private bool failed;

    public RowStream(KubernetesApi api, Projector projector, ResourceKind kind, string? ns, PipeWriter output, TimeProvider clock, ILogger logger)
    {
        this.api = api;
        this.kind = kind;
        this.ns = ns;
        this.output = output;
        this.clock = clock;
        this.logger = logger;
        rows = new RowWriter(output);
        builder = new RowBuilder(kind.Kind, projector);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                if (resourceVersion.Length == 0)
                {
                    await ListAsync(cancellationToken).ConfigureAwait(false);
                }

                backoff.Connected();
                var began = clock.GetTimestamp();
                await WatchAsync(cancellationToken).ConfigureAwait(false);
                if (clock.GetElapsedTime(began) < ShortWatch)
                {
                    // A watch that ends as soon as it begins must not become a busy loop.
                    await Task.Delay(backoff.Next(), clock, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (RowRefusedException refused)
            {
                logger.LogWarning("Rows {Kind}: the API server answered {Reason}", kind.Kind, refused.Reason);
                await PauseAsync(refused.Reason, refused.Reason is "Forbidden" or "Unauthorized" or "NotFound" ? Refused : Pause(backoff), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or ProjectionException && !cancellationToken.IsCancellationRequested)
            {
                logger.LogWarning("Rows {Kind}: the API server went away ({Error})", kind.Kind, (e as ProjectionException)?.Code ?? (e as ApiUnavailableException)?.Message ?? e.GetType().Name);
                await PauseAsync("Unavailable", Pause(backoff), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>People look at what this stream brings: when the API server is back they should not wait a minute for it.</summary>
    private static TimeSpan Pause(Backoff backoff) => backoff.Next() is var pause && pause < LongestPause ? pause : LongestPause;

    public void Dispose()
    {
        rows.Dispose();
        builder.Dispose();
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        rows.Write(RowChangeType.Reset);
        aging.Clear();
        string? token = null;
        var version = "";
        do
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{kind.CollectionPath(ns)}?limit={PageSize}") + (token is null ? "" : "&continue=" + Uri.EscapeDataString(token));
            using var response = await api.SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
            Require(response.StatusCode);
            using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using var list = new JsonListReader(body);
            while (await list.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                Upsert(item.Span, remember: false);
                if (output.UnflushedBytes >= FlushAt)
                {
                    await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            (token, version) = Envelope(list.Metadata);
        }
        while (token is { Length: > 0 });
        if (version.Length == 0)
        {
            throw new RowRefusedException("Unavailable");
        }

        // Only now: a list that broke off between two pages must begin anew, not be followed as if it were whole.
        resourceVersion = version;
        failed = false;
        rows.Write(RowChangeType.Synced);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        // The API server ends a watch after a time of our choice, spread so that not all end at once.
#pragma warning disable CA5394
        var seconds = Random.Shared.Next(240, 480);
#pragma warning restore CA5394
        var path = string.Create(CultureInfo.InvariantCulture, $"{kind.CollectionPath(ns)}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={Uri.EscapeDataString(resourceVersion)}");
        using var response = await api.WatchAsync(path, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Gone)
        {
            resourceVersion = "";
            return;
        }

        Require(response.StatusCode);
        if (failed)
        {
            // The list from before the failure holds and is followed again: the service must hear that it is whole once more.
            failed = false;
            rows.Write(RowChangeType.Synced);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var events = new WatchLines(body);
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<bool>? reading = null;
        try
        {
            while (resourceVersion.Length > 0)
            {
                reading ??= events.FillAsync(idle.Token);
                if (!reading.IsCompleted && await Task.WhenAny(reading, Task.Delay(Heartbeat, clock, cancellationToken)).ConfigureAwait(false) != reading)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Judge();
                    rows.Write(RowChangeType.Heartbeat);
                    await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                    continue;
                }

                var more = await reading.ConfigureAwait(false);
                reading = null;
                while (resourceVersion.Length > 0 && events.TryNext(out var line))
                {
                    Event(line.Span);
                    if (output.UnflushedBytes >= FlushAt)
                    {
                        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                    }
                }

                Judge();
                if (output.UnflushedBytes > 0)
                {
                    await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                }

                if (!more)
                {
                    return;
                }
            }
        }
        finally
        {
            // Also when an event said 410: nobody reads the rest.
            await idle.CancelAsync().ConfigureAwait(false);
            await (reading ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Event(ReadOnlySpan<byte> line)
    {
        var watch = WatchEvent.Read(line);
        switch (watch.Type)
        {
            case "ADDED" or "MODIFIED":
                Upsert(line[watch.Object], remember: true);
                break;
            case "DELETED":
                Delete(line[watch.Object]);
                break;
            case "BOOKMARK":
                Remember(builder.Build(line[watch.Object], clock.GetUtcNow()).ResourceVersion);
                break;
            default:
                // An ERROR event: expired, or something that only a fresh list can mend.
                resourceVersion = "";
                break;
        }
    }

    private void Upsert(ReadOnlySpan<byte> json, bool remember)
    {
        try
        {
            var built = builder.Build(json, clock.GetUtcNow(), keepSource: true);
            rows.Upsert(built.Row);
            aging.Note(built, clock.GetTimestamp());
            Remember(remember ? built.ResourceVersion : "");
        }
        catch (ProjectionException e)
        {
            logger.LogWarning("Rows {Kind}: an object was left out ({Code})", kind.Kind, e.Code);
        }
    }

    private void Delete(ReadOnlySpan<byte> json)
    {
        var built = builder.Build(json, clock.GetUtcNow());
        rows.Delete(built.Row.Namespace, built.Row.Name);
        aging.Forget(built.Row.Uid);
        Remember(built.ResourceVersion);
    }

    private void Remember(string version)
    {
        if (version.Length > 0)
        {
            resourceVersion = version;
        }
    }

    /// <summary>What was still within its grace may by now count as failing, without an event saying so.</summary>
    private void Judge()
    {
        if (clock.GetElapsedTime(judgedAt) < Heartbeat)
        {
            return;
        }

        judgedAt = clock.GetTimestamp();
        foreach (var source in aging.Due(clock))
        {
            var built = builder.Again(source, clock.GetUtcNow());
            aging.Note(built, clock.GetTimestamp());
            rows.Upsert(built.Row);
        }
    }

    private async Task PauseAsync(string reason, TimeSpan pause, CancellationToken cancellationToken)
    {
        failed = true;
        rows.Error(reason);
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        var until = clock.GetUtcNow() + pause;
        while (until - clock.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < Heartbeat ? left : Heartbeat, clock, cancellationToken).ConfigureAwait(false);
            rows.Write(RowChangeType.Heartbeat);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Require(HttpStatusCode status)
    {
        if (status == HttpStatusCode.OK)
        {
            return;
        }

        if (status == HttpStatusCode.Gone)
        {
            resourceVersion = "";
        }

        throw new RowRefusedException(status switch
        {
            HttpStatusCode.Forbidden => "Forbidden",
            HttpStatusCode.Unauthorized => "Unauthorized",
            HttpStatusCode.NotFound => "NotFound",
            HttpStatusCode.Gone => "Expired",
            HttpStatusCode.TooManyRequests => "TooManyRequests",
            _ => "Unavailable",
        });
    }

    private static (string? Continue, string ResourceVersion) Envelope(byte[]? metadata)
    {
        using var document = JsonDocument.Parse(metadata ?? "{}"u8.ToArray());
        var root = document.RootElement;
        return (root.At("continue").Text(), root.At("resourceVersion").Text());
    }

    private sealed class RowRefusedException(string reason) : Exception(reason)
    {
        public string Reason { get; } = reason;
    }
}
