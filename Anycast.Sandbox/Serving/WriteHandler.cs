using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Patching;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Schema;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>POST, PUT, PATCH and DELETE of objects.</summary>
internal sealed class WriteHandler(ResourceWriter writer)
{
    private const int BodyLimit = 4 * 1024 * 1024;

    private ObjectStore Store => writer.Store;

    public async Task CreateAsync(ApiRequest request, KindInfo kind)
    {
        var body = await ReadAsync(request);
        CheckType(kind, body);
        FieldValidation.Apply(request, kind, body);
        var ns = body.Str("metadata", "namespace");
        if (kind.Namespaced && ns.Length > 0 && ns != request.Namespace)
        {
            throw KubeErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        var created = writer.Create(kind, request.Namespace, body, new WriteBy(request.Manager, DryRun: request.DryRun));
        await AnswerAsync(request, kind, created, 201);
    }

    public async Task UpdateAsync(ApiRequest request, KindInfo kind, WritePart part)
    {
        var body = await ReadAsync(request);
        CheckType(kind, body);
        FieldValidation.Apply(request, kind, body);
        var sent = kind.StoredAs is null ? body : EventView.ConvertBack(kind, body);
        var updated = writer.Update(kind.Storage, request.Key, _ => sent, new WriteBy(request.Manager, part, request.DryRun));
        await AnswerAsync(request, kind, updated);
    }

    public async Task PatchAsync(ApiRequest request, KindInfo kind, WritePart part)
    {
        var type = MediaType(request);
        if (type == "application/apply-patch+yaml")
        {
            await ApplyAsync(request, kind, part);
            return;
        }

        var patch = await ReadNodeAsync(request);
        var by = new WriteBy(request.Manager, part, request.DryRun);
        var patched = writer.Update(
            kind.Storage,
            request.Key,
            current =>
            {
                var next = Patched(type, current, patch);
                FieldValidation.Apply(request, kind.Storage, next);
                return next;
            },
            by);
        await AnswerAsync(request, kind, patched);
    }

    public async Task DeleteAsync(ApiRequest request, KindInfo kind)
    {
        var options = await OptionsAsync(request);
        var before = Store.Find(kind, request.Key);
        var waiting = writer.Delete(kind, request.Key, options);
        if (waiting is not null)
        {
            await AnswerAsync(request, kind, waiting);
            return;
        }

        var details = new JsonObject { ["name"] = request.Name };
        if (kind.Group.Length > 0)
        {
            details["group"] = kind.Group;
        }

        details["kind"] = kind.Plural;
        details["uid"] = before?.Uid;
        await Reply.JsonAsync(request.Http, Success(details));
    }

    public async Task DeleteCollectionAsync(ApiRequest request, KindInfo kind)
    {
        var filter = ObjectFilter.Of(request, kind);
        var options = await OptionsAsync(request);
        foreach (var obj in Store.List(kind).Where(filter.Matches).ToList())
        {
            if (Store.Find(kind, obj.Key) is not null)
            {
                writer.Delete(kind, obj.Key, options);
            }
        }

        await Reply.JsonAsync(request.Http, Success(new JsonObject { ["kind"] = kind.Plural }));
    }

    /// <summary>Reads a body as a JSON or YAML object.</summary>
    public static async Task<JsonObject> ReadAsync(ApiRequest request) =>
        await ReadNodeAsync(request) as JsonObject ?? throw KubeErrors.BadRequest("the body of the request is not an object");

    public static async Task AnswerAsync(ApiRequest request, KindInfo kind, StoredObject obj, int status = 200) =>
        await Reply.BytesAsync(request.Http, Representation.Of(request, kind, obj.Created).One(obj), status);

    /// <summary>Applies a patch of one of the three classic types.</summary>
    public static JsonObject Patched(string type, JsonObject current, JsonNode patch) => type switch
    {
        "application/json-patch+json" => JsonPatch.Apply(current, patch),
        "application/merge-patch+json" => MergePatch.Apply(current, AsObject(patch)),
        "application/strategic-merge-patch+json" => StrategicMergePatch.Apply(current, AsObject(patch)),
        _ => throw KubeErrors.UnsupportedMediaType(type),
    };

    public static string MediaType(ApiRequest request) => (request.Http.Request.ContentType ?? "").Split(';')[0].Trim();

    public static async Task<JsonNode> ReadNodeAsync(ApiRequest request)
    {
        var bytes = await ReadBytesAsync(request);
        var type = MediaType(request);
        if (type is "application/yaml" or "application/apply-patch+yaml")
        {
            return Yaml.ParseAll(System.Text.Encoding.UTF8.GetString(bytes.Span)) is [var first, ..] ? first : throw KubeErrors.BadRequest("the body of the request is empty");
        }

        if (type == ProtobufReader.MediaType)
        {
            return FromProtobuf(bytes.Span);
        }

        if (type.Length > 0 && !type.EndsWith("json", StringComparison.Ordinal))
        {
            throw KubeErrors.UnsupportedMediaType(type);
        }

        return Json.TryParse(bytes, out var node) ? node : throw KubeErrors.BadRequest("the object provided is unrecognized (must be of type JSON)");
    }

    private static JsonObject FromProtobuf(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ProtobufReader.Read(bytes);
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
        {
            throw KubeErrors.BadRequest(e.Message);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(ApiRequest request)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Http.Request.Body.ReadAsync(chunk, request.Aborted)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > BodyLimit)
            {
                throw new ApiException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {BodyLimit}");
            }
        }

        return buffer.ToArray();
    }

    private async Task ApplyAsync(ApiRequest request, KindInfo kind, WritePart part)
    {
        var configuration = await ReadAsync(request);
        CheckType(kind, configuration);
        if (request.Query["fieldManager"].ToString().Length == 0)
        {
            throw KubeErrors.BadRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        }

        FieldValidation.RefuseUndeclared(request, kind, configuration);
        var force = request.Flag("force");
        var current = Store.Find(kind, request.Key);
        var (_, applied) = ApplyPatch.Apply(kind, current?.Json, configuration, request.Manager, force);
        var by = new WriteBy(request.Manager, part, request.DryRun) { Operation = "Apply", Applied = applied, Force = force };
        if (current is null)
        {
            configuration.Ensure("metadata")["name"] = request.Name;
            await AnswerAsync(request, kind, writer.Create(kind, request.Namespace, configuration, by), 201);
            return;
        }

        var next = writer.Update(kind, request.Key, now => ApplyPatch.Apply(kind, now, configuration, request.Manager, force).Merged, by);
        await AnswerAsync(request, kind, next);
    }

    private static JsonObject AsObject(JsonNode patch) =>
        patch as JsonObject ?? throw KubeErrors.BadRequest("error decoding patch: the patch is not an object");

    private static void CheckType(KindInfo kind, JsonObject body)
    {
        if (body.Str("kind") is { Length: > 0 } sent && sent != kind.Kind)
        {
            throw KubeErrors.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: converting ({sent}) to ({kind.Kind}): unknown conversion");
        }

        if (body.Str("apiVersion") is { Length: > 0 } version && version != kind.ApiVersion)
        {
            throw KubeErrors.BadRequest($"the API version in the data ({version}) does not match the expected API version ({kind.ApiVersion})");
        }
    }

    private static async Task<DeleteOptions> OptionsAsync(ApiRequest request)
    {
        var bytes = await ReadBytesAsync(request);
        var body = bytes.Length == 0 ? []
            : MediaType(request) == ProtobufReader.MediaType ? FromProtobuf(bytes.Span)
            : Json.TryParse(bytes, out var node) && node is JsonObject sent ? sent : [];
        var options = DeleteOptions.Of(body, request.DryRun, request.Query["propagationPolicy"].ToString());
        return int.TryParse(request.Query["gracePeriodSeconds"], out var grace) ? options with { GraceSeconds = grace } : options;
    }

    private static JsonObject Success(JsonObject details) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["details"] = details,
    };
}
