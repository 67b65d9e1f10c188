using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>
/// Watches: newline-delimited events from a resource version on, with bookmarks and the initial events of a streaming list
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes).
/// </summary>
internal sealed class WatchHandler(ObjectStore store, TimeProvider clock, TimeSpan bookmarkEvery)
{
    public async Task WatchAsync(ApiRequest request, KindInfo kind, CancellationToken stopping)
    {
        var shape = Representation.Of(request, kind, store.Now);
        var filter = ObjectFilter.Of(request, kind);
        var since = Since(request);
        var response = request.Http.Response;
        response.ContentType = Representation.ContentType;
        response.Headers.CacheControl = "no-cache, private";

        var followed = store.Follow(kind, since);
        if (followed is not { } watch)
        {
            await WriteAsync(response.BodyWriter, "ERROR", JsonSerializer.SerializeToUtf8Bytes(KubeErrors.TooOld(since ?? 0, store.Version).Status()));
            await response.BodyWriter.FlushAsync(request.Aborted);
            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, stopping);
        var seconds = int.TryParse(request.Query["timeoutSeconds"], CultureInfo.InvariantCulture, out var given) && given > 0 ? given : 1800;
        using var timer = clock.CreateTimer(_ => end.Cancel(), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
        try
        {
            var stream = new Stream(request, shape, filter, response.BodyWriter);
            await stream.BeginAsync(watch.Present, watch.Missed, fromNow: since is null);
            await FollowAsync(request, kind, stream, watch.Live, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The client left, the time is up, or the sandbox stops: a watch just ends.
        }
        finally
        {
            store.Leave(kind, watch.Live);
        }
    }

    private async Task FollowAsync(ApiRequest request, KindInfo kind, Stream stream, Channel<Change> live, CancellationToken ct)
    {
        var bookmarks = request.Flag("allowWatchBookmarks");
        Task? pause = null;
        while (true)
        {
            var wait = live.Reader.WaitToReadAsync(ct).AsTask();
            while (bookmarks && await Task.WhenAny(wait, pause ??= Task.Delay(bookmarkEvery, clock, ct)) != wait)
            {
                ct.ThrowIfCancellationRequested();
                pause = null;

                // The version is read before the queue: with the queue empty, everything up to it has been sent.
                var version = store.Version;
                await stream.BookmarkAsync(kind, live.Reader.Count == 0 ? version : stream.LastVersion, initial: false, ct);
            }

            if (!await wait)
            {
                return;
            }

            while (live.Reader.TryRead(out var change))
            {
                await stream.SendAsync(change);
            }

            await stream.FlushAsync(ct);
        }
    }

    private static long? Since(ApiRequest request)
    {
        var text = request.Query["resourceVersion"].ToString();
        if (text.Length == 0 || text == "0")
        {
            return null;
        }

        return long.TryParse(text, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw KubeErrors.BadRequest($"Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
    }

    private static async ValueTask WriteAsync(System.IO.Pipelines.PipeWriter writer, string type, byte[] obj)
    {
        writer.Write(Encoding.ASCII.GetBytes($"{{\"type\":\"{type}\",\"object\":"));
        writer.Write(obj);
        writer.Write("}\n"u8);
        if (writer.CanGetUnflushedBytes && writer.UnflushedBytes > 256 * 1024)
        {
            await writer.FlushAsync();
        }
    }

    /// <summary>One client's view: translates changes by its selectors.</summary>
    private sealed class Stream(ApiRequest request, Representation shape, ObjectFilter filter, System.IO.Pipelines.PipeWriter writer)
    {
        private bool _first = true;

        public long LastVersion { get; private set; }

        public async Task BeginAsync(Snapshot present, IReadOnlyList<Change> missed, bool fromNow)
        {
            LastVersion = present.ResourceVersion;
            if (fromNow)
            {
                foreach (var obj in present.Objects.Values.Where(filter.Matches))
                {
                    await EventAsync("ADDED", obj);
                }
            }

            foreach (var change in missed)
            {
                await SendAsync(change);
            }

            if (request.Flag("sendInitialEvents"))
            {
                await BookmarkAsync(request.Kind!, present.ResourceVersion, initial: true, request.Aborted);
            }

            // Headers go out at once, so that a client knows its watch stands before anything happens.
            await writer.FlushAsync(request.Aborted);
        }

        public async ValueTask SendAsync(Change change)
        {
            LastVersion = change.Object.ResourceVersion;
            var matches = change.Type != ChangeType.Deleted && filter.Matches(change.Object);
            var matched = change.Previous is { } previous && filter.Matches(previous);
            switch (matched, matches)
            {
                case (false, true):
                    await EventAsync("ADDED", change.Object);
                    break;
                case (true, true):
                    await EventAsync("MODIFIED", change.Object);
                    break;
                case (true, false):
                    await EventAsync("DELETED", change.Object);
                    break;
            }
        }

        public async Task BookmarkAsync(KindInfo kind, long version, bool initial, CancellationToken ct)
        {
            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture), ["creationTimestamp"] = null };
            if (initial)
            {
                metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            }

            var bookmark = new JsonObject { ["kind"] = kind.Kind, ["apiVersion"] = kind.ApiVersion, ["metadata"] = metadata };
            if (shape.Form == Form.Metadata)
            {
                (bookmark["kind"], bookmark["apiVersion"]) = ("PartialObjectMetadata", "meta.k8s.io/v1");
            }
            else if (shape.Form == Form.Table)
            {
                bookmark = new JsonObject
                {
                    ["kind"] = "Table",
                    ["apiVersion"] = "meta.k8s.io/v1",
                    ["metadata"] = metadata.DeepClone(),
                    ["columnDefinitions"] = null,
                    ["rows"] = new JsonArray(),
                };
            }

            await WriteAsync(writer, "BOOKMARK", JsonSerializer.SerializeToUtf8Bytes(bookmark));
            await writer.FlushAsync(ct);
        }

        public async Task FlushAsync(CancellationToken ct) => await writer.FlushAsync(ct);

        private async ValueTask EventAsync(string type, StoredObject obj)
        {
            await WriteAsync(writer, type, shape.InEvent(obj, _first));
            _first = false;
        }
    }
}
