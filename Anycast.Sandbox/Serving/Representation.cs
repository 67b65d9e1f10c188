using System.Text.Json;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;
using Anycast.Sandbox.Tables;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>How the client wants objects: whole, as table rows, or metadata only.</summary>
internal enum Form
{
    Whole = 1,
    Table = 2,
    Metadata = 3,
}

/// <summary>Turns stored revisions into what goes over the wire for one kind as served and one Accept header.</summary>
internal sealed class Representation(KindInfo kind, Form form, string includeObject, DateTimeOffset now)
{
    public Form Form => form;

    public const string ContentType = "application/json";

    /// <summary>Reads the Accept header; the first media type that can be served wins.</summary>
    public static Representation Of(ApiRequest request, KindInfo kind, DateTimeOffset now)
    {
        var accept = request.Http.Request.Headers.Accept.ToString();
        Form? form = accept.Length == 0 ? Form.Whole : null;
        foreach (var type in accept.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = type.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] is not ("application/json" or "*/*" or "application/*"))
            {
                continue;
            }

            var wanted = parts.FirstOrDefault(p => p.StartsWith("as=", StringComparison.Ordinal));
            form = wanted switch
            {
                null => Form.Whole,
                "as=Table" => Form.Table,
                "as=PartialObjectMetadata" or "as=PartialObjectMetadataList" => Form.Metadata,
                _ => null,
            };
            if (form is not null)
            {
                break;
            }
        }

        return new Representation(kind, form ?? throw KubeErrors.NotAcceptable(), request.Query["includeObject"].ToString(), now);
    }

    /// <summary>A single object.</summary>
    public byte[] One(StoredObject obj) => form switch
    {
        Form.Table => JsonSerializer.SerializeToUtf8Bytes(Table([obj], obj.ResourceVersion, withColumns: true)),
        Form.Metadata => JsonSerializer.SerializeToUtf8Bytes(Partial(obj)),
        _ => kind.StoredAs is null ? obj.Full() : JsonSerializer.SerializeToUtf8Bytes(Converted(obj)),
    };

    /// <summary>An element of a list.</summary>
    public byte[] Item(StoredObject obj) => form == Form.Whole && kind.StoredAs is null && !kind.Custom ? obj.Utf8 : One(obj);

    /// <summary>The object of a watch event; tables carry their columns in the first event only.</summary>
    public byte[] InEvent(StoredObject obj, bool first) =>
        form == Form.Table ? JsonSerializer.SerializeToUtf8Bytes(Table([obj], obj.ResourceVersion, first)) : One(obj);

    public JsonObject Table(IEnumerable<StoredObject> objects, long version, bool withColumns, string next = "", long? remaining = null)
    {
        var rows = new JsonArray();
        foreach (var obj in objects)
        {
            var row = new JsonObject { ["cells"] = Json.ToArray(TableColumns.Cells(kind, obj.Json, now)) };
            if (includeObject != "None")
            {
                row["object"] = includeObject == "Object" ? Converted(obj) : Partial(obj);
            }

            rows.Add(row);
        }

        var metadata = ListMetadata(version, next, remaining);
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? TableColumns.Definitions(kind) : null,
            ["rows"] = rows,
        };
    }

    public static JsonObject ListMetadata(long version, string next, long? remaining)
    {
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        if (next.Length > 0)
        {
            metadata["continue"] = next;
            if (remaining is not null)
            {
                metadata["remainingItemCount"] = remaining;
            }
        }

        return metadata;
    }

    private static JsonObject Partial(StoredObject obj) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = obj.Json.Obj("metadata").Clone(),
    };

    private JsonObject Converted(StoredObject obj) => kind.StoredAs is null ? obj.Json.Clone() : EventView.Convert(kind, obj.Json);
}
