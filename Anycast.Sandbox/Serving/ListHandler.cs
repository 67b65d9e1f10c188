using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>GET of one object and of lists, with selectors, <c>limit</c> and <c>continue</c>.</summary>
internal sealed class ListHandler(ObjectStore store)
{
    private const int FlushEvery = 256 * 1024;

    public async Task GetAsync(ApiRequest request, KindInfo kind)
    {
        var shape = Representation.Of(request, kind, store.Now);
        var found = store.Find(kind, request.Key) ?? throw KubeErrors.NotFound(kind, request.Name);
        await Reply.BytesAsync(request.Http, shape.One(found));
    }

    public async Task ListAsync(ApiRequest request, KindInfo kind)
    {
        var shape = Representation.Of(request, kind, store.Now);
        var filter = ObjectFilter.Of(request, kind);
        var limit = int.TryParse(request.Query["limit"], CultureInfo.InvariantCulture, out var given) && given > 0 ? given : int.MaxValue;
        var snapshot = store.Snapshot(kind);
        var (version, after) = Position(request, kind, snapshot.ResourceVersion);

        var page = new List<StoredObject>(Math.Min(limit, snapshot.Objects.Count));
        var remaining = 0;
        foreach (var obj in snapshot.Objects.Values)
        {
            if ((after is { } last && obj.Key.CompareTo(last) <= 0) || !filter.Matches(obj))
            {
                continue;
            }

            if (page.Count < limit)
            {
                page.Add(obj);
            }
            else
            {
                remaining++;
            }
        }

        var next = remaining > 0 ? Token(version, page[^1].Key) : "";
        long? rest = filter.HasSelectors ? null : remaining;
        if (shape.Form == Form.Table)
        {
            await Reply.JsonAsync(request.Http, shape.Table(page, version, withColumns: true, next, rest));
            return;
        }

        await WriteListAsync(request, kind, shape, page, Representation.ListMetadata(version, next, rest));
    }

    private static async Task WriteListAsync(ApiRequest request, KindInfo kind, Representation shape, List<StoredObject> page, JsonObject metadata)
    {
        var (listKind, apiVersion) = shape.Form == Form.Metadata ? ("PartialObjectMetadataList", "meta.k8s.io/v1") : (kind.Kind + "List", kind.ApiVersion);
        var response = request.Http.Response;
        response.ContentType = Representation.ContentType;
        var writer = response.BodyWriter;
        writer.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"{listKind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":["));
        var pending = 0;
        for (var i = 0; i < page.Count; i++)
        {
            if (i > 0)
            {
                writer.Write(","u8);
            }

            var bytes = shape.Item(page[i]);
            writer.Write(bytes);
            pending += bytes.Length;
            if (pending > FlushEvery)
            {
                pending = 0;
                await writer.FlushAsync(request.Aborted);
            }
        }

        writer.Write("]}"u8);
        await writer.FlushAsync(request.Aborted);
    }

    private (long Version, ObjectKey? After) Position(ApiRequest request, KindInfo kind, long present)
    {
        if (request.Query["continue"].ToString() is { Length: > 0 } token)
        {
            var (version, key) = Read(token);
            return store.Remembers(kind, version)
                ? (version, key)
                : throw KubeErrors.Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.");
        }

        if (request.Query["resourceVersionMatch"].ToString() == "Exact" && long.TryParse(request.Query["resourceVersion"], CultureInfo.InvariantCulture, out var exact)
            && !store.Remembers(kind, exact))
        {
            throw KubeErrors.Expired("The resourceVersion for the provided list is too old.");
        }

        return (present, null);
    }

    private static string Token(long version, ObjectKey last) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = version, ["start"] = $"{last.Namespace}/{last.Name}" }))
            .Replace('+', '-').Replace('/', '_').TrimEnd('=');

    private static (long Version, ObjectKey Key) Read(string token)
    {
        try
        {
            var padded = token.Replace('-', '+').Replace('_', '/').PadRight((token.Length + 3) / 4 * 4, '=');
            var parsed = JsonNode.Parse(Convert.FromBase64String(padded));
            var start = parsed.Str("start").Split('/', 2);
            return (parsed.Number("rv") ?? 0, new ObjectKey(start[0], start[1]));
        }
        catch (Exception e) when (e is FormatException or JsonException or IndexOutOfRangeException)
        {
            throw KubeErrors.BadRequest("continue key is not valid: " + e.Message);
        }
    }
}
