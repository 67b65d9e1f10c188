using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;

namespace Anycast.Agent.Inventory;

/// <summary>Writes the lists as <c>ObjectInventory</c> objects, one for each kind and namespace, by server-side apply.</summary>
internal sealed class InventoryWriter(KubernetesApi api, InventoryShelf shelf, TimeSpan gather, TimeProvider clock, ILogger logger)
{
    /// <summary>Names in one list; what is beyond makes it not whole.</summary>
    public const int MostItems = 3000;

    private const int MostBytes = 900 * 1024;
    private const int AtOnce = 4;

    /// <summary>Written again at least so often, so that a reader can tell a list that is kept from one whose keeper is gone.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(10);

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var all = clock.GetTimestamp();
        var paused = 0;
        using var timer = new PeriodicTimer(gather, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            if (paused > 0)
            {
                paused--; // After a refusal a few rounds are left out.
                continue;
            }

            if (clock.GetElapsedTime(all) > Again)
            {
                all = clock.GetTimestamp();
                shelf.NoteAll();
            }

            var failed = 0;
            foreach (var few in shelf.Take().Chunk(AtOnce))
            {
                var written = await Task.WhenAll(few.Select(list => WriteAsync(list, cancellationToken))).ConfigureAwait(false);
                failed += written.Count(w => !w);
            }

            paused = failed > 0 ? 5 : 0;
        }
    }

    private async Task<bool> WriteAsync(InventoryList list, CancellationToken cancellationToken)
    {
        if (!AccessPolicy.IsLabel(list.Namespace))
        {
            return true;
        }

        using var content = new ReadOnlyMemoryContent(Compose(list, clock.GetUtcNow()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/apply-patch+yaml");
        try
        {
            var path = $"/apis/agent.anycast.io/v1/namespaces/{list.Namespace}/objectinventories/{list.Kind.Plural}?fieldManager=anycast-inventory&force=true";
            using var response = await api.SendAsync(HttpMethod.Patch, path, content, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return true;
            }

            logger.LogWarning("The inventory of {Kind} in {Namespace} could not be written ({Code})", list.Kind.Kind, list.Namespace, (int)response.StatusCode);
        }
        catch (ApiUnavailableException e)
        {
            logger.LogWarning("The inventory of {Kind} in {Namespace} could not be written: {Why}", list.Kind.Kind, list.Namespace, e.Message);
        }

        shelf.Return(list);
        return false;
    }

    /// <summary>The object, bounded: more names than fit make a list that says it is not whole.</summary>
    internal static ReadOnlyMemory<byte> Compose(InventoryList list, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("apiVersion", "agent.anycast.io/v1");
        json.WriteString("kind", "ObjectInventory");
        json.WriteStartObject("metadata");
        json.WriteString("name", list.Kind.Plural);
        json.WriteString("namespace", list.Namespace);
        json.WriteEndObject();

        // Below spec: an object with items at its top is taken for a list by clients.
        json.WriteStartObject("spec");
        json.WriteString("of", list.Kind.Kind);
        json.WriteString("observedAt", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteStartArray("items");
        var written = 0;
        foreach (var item in list.Items)
        {
            if (written == MostItems || json.BytesCommitted + json.BytesPending > MostBytes)
            {
                break;
            }

            json.WriteStartObject();
            json.WriteString("name", item.Name);
            if (item.CreatedAt.Length > 0)
            {
                json.WriteString("createdAt", item.CreatedAt);
            }

            if (item.Labels.Count > 0)
            {
                json.WriteStartObject("labels");
                foreach (var (key, value) in item.Labels)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            written++;
        }

        json.WriteEndArray();
        json.WriteBoolean("complete", list.Complete && written == list.Items.Count);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
