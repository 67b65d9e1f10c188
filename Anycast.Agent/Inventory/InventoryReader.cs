using System.Globalization;
using System.Net;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Connection;
using Anycast.Agent.Serving;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Inventory;

/// <summary>
/// Lists and watches the metadata of one kind in the whole cluster. Asks for nothing but metadata (<c>as=PartialObjectMetadata</c>); an answer in
/// another form is refused unread.
/// </summary>
internal sealed class InventoryReader(KubernetesApi api, InventoryKind kind, InventoryShelf shelf, AgentStatus status, TimeProvider clock, ILogger logger)
{
    private const int PageSize = 500;
    private string resourceVersion = "";

    /// <summary>Runs until it is cancelled.</summary>
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
                    status.Works("The names are written down.");
                }

                backoff.Connected();
                await WatchAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or ProjectionException or JsonException && !cancellationToken.IsCancellationRequested)
            {
                var why = e is ApiUnavailableException ? e.Message : $"The API server's answer can't be used ({(e as ProjectionException)?.Code ?? e.GetType().Name}).";
                logger.LogWarning("Inventory of {Kind}: {Why}", kind.Kind, why);
                status.Disconnected(why);
                resourceVersion = "";
            }

            // Also after a watch that ended well: one that ends as soon as it begins must not become a busy loop.
            await Task.Delay(backoff.Next(), clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var items = new List<InventoryItem>();
        string? token = null;
        do
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{kind.Path}?limit={PageSize}") + (token is null ? "" : "&continue=" + Uri.EscapeDataString(token));
            using var response = await api.MetadataAsync(path, watch: false, cancellationToken).ConfigureAwait(false);
            Require(response.StatusCode);
            using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using var list = new JsonListReader(body);
            while (await list.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
            {
                items.Add(InventoryItem.Read(item.Span));
            }

            using var envelope = JsonDocument.Parse(list.Metadata ?? "{}"u8.ToArray());
            token = envelope.RootElement.At("continue").Text();
            resourceVersion = token.Length > 0 ? "" : envelope.RootElement.At("resourceVersion").Text();
        }
        while (token is { Length: > 0 });
        shelf.Replace(kind, items);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
#pragma warning disable CA5394 // So that not all watches end at once; no secrecy is needed.
        var seconds = Random.Shared.Next(240, 480);
#pragma warning restore CA5394
        var path = string.Create(CultureInfo.InvariantCulture, $"{kind.Path}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={Uri.EscapeDataString(resourceVersion)}");
        using var response = await api.MetadataAsync(path, watch: true, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Gone)
        {
            resourceVersion = "";
            return;
        }

        Require(response.StatusCode);
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var events = new WatchLines(body);
        while (await events.FillAsync(cancellationToken).ConfigureAwait(false))
        {
            while (events.TryNext(out var line))
            {
                if (!Event(line.Span))
                {
                    resourceVersion = "";
                    return;
                }
            }
        }
    }

    /// <returns>False when only a fresh list helps.</returns>
    private bool Event(ReadOnlySpan<byte> line)
    {
        var watch = WatchEvent.Read(line);
        if (watch.Type is not ("ADDED" or "MODIFIED" or "DELETED" or "BOOKMARK"))
        {
            return false;
        }

        var item = InventoryItem.Read(line[watch.Object]);
        resourceVersion = item.ResourceVersion.Length > 0 ? item.ResourceVersion : resourceVersion;
        if (watch.Type == "DELETED")
        {
            shelf.Remove(kind, item);
        }
        else if (watch.Type != "BOOKMARK")
        {
            shelf.Put(kind, item);
        }

        return true;
    }

    private void Require(HttpStatusCode code)
    {
        if (code == HttpStatusCode.NotAcceptable)
        {
            throw new ApiUnavailableException("The API server does not offer metadata alone; the inventory reads nothing else.");
        }

        if (code != HttpStatusCode.OK)
        {
            throw new ApiUnavailableException($"The API server refused the list of {kind.Plural} ({(int)code}). Check the role inventory-broker.");
        }
    }
}
