using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;
using Anycast.Tunnel;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Operations;

/// <summary>
/// Executes one operation: checks it against the table of patchable leaves, reads the object, checks what was approved, sends a
/// JSON Patch, and answers with what changed as far as it may be shown. An object is never written back whole.
/// </summary>
internal sealed class OperationExecutor(KubernetesApi api, Projector projector, OperationLaw law, TimeProvider clock, ILogger logger)
{
    private const int MostLeaves = 20;
    private readonly NonceStore nonces = new(clock);

    public async Task<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        OperationResult result;
        try
        {
            result = await RunAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or ProjectionException && !cancellationToken.IsCancellationRequested)
        {
            result = new OperationResult(OperationStatus.Unavailable, Reason: "ApiServerUnavailable");
        }

        logger.LogInformation("Operation on {Kind}, {Mode}: {Status}", ResourceKinds.ByKind(request.Target.Group, request.Target.Kind)?.Kind ?? "unknown kind", request.DryRun ? "dry run" : "execution", result.Status);
        return result;
    }

    private async Task<OperationResult> RunAsync(OperationRequest request, CancellationToken cancellationToken)
    {
        var target = request.Target;
        if (Check(request, out var kind, out var leaves) is { } refused)
        {
            return refused;
        }

        if (!await law.AllowsAsync(request, cancellationToken).ConfigureAwait(false))
        {
            return new OperationResult(OperationStatus.Forbidden, Reason: "NotOptedIn");
        }

        if (!request.DryRun && !nonces.TryUse(request.Nonce!))
        {
            return new OperationResult(OperationStatus.Replayed, Reason: "NonceUsed");
        }

        var path = kind.CollectionPath(target.Namespace) + "/" + target.Name;
        var (before, failure) = await ReadAsync(kind, HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        using (before)
        {
            if (before is null)
            {
                return failure!;
            }

            if (Bound(request, before.Uid, before.Generation) is { } changed)
            {
                return changed;
            }

            var found = new List<FoundLeaf>();
            foreach (var (leaf, fieldPath, value) in leaves)
            {
                if (PatchComposer.Find(before.Root, leaf, fieldPath, value) is not { } place)
                {
                    return new OperationResult(OperationStatus.Invalid, before.Uid, before.Generation, Reason: "NoSuchField");
                }

                found.Add(place);
            }

            var visible = ObjectDiff.Leaves(kind.Kind, before.Projected);
            var prior = leaves.Select(l => visible.GetValueOrDefault(l.Path.ToString())).ToList();
            if (request.Expected is { } expected && !expected.SequenceEqual(prior, StringComparer.Ordinal))
            {
                return new OperationResult(OperationStatus.Changed, before.Uid, before.Generation, Reason: "ValueChanged");
            }

            return await PatchAsync(request, kind, path, before, found, leaves, prior, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<OperationResult> PatchAsync(
        OperationRequest request,
        ResourceKind kind,
        string path,
        ApiObject before,
        List<FoundLeaf> found,
        List<(PatchableLeaf Leaf, FieldPath Path, string? Value)> leaves,
        List<string?> prior,
        CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(PatchComposer.Compose(before.Uid, before.Generation, found));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json-patch+json");
        var query = "?fieldManager=anycast-agent" + (request.DryRun ? "&dryRun=All" : "");
        var (after, failure) = await ReadAsync(kind, HttpMethod.Patch, path + query, content, cancellationToken).ConfigureAwait(false);
        using (after)
        {
            if (after is null)
            {
                return await ExplainAsync(request, kind, path, before, failure!, cancellationToken).ConfigureAwait(false);
            }

            var diff = new List<LeafDiff>();
            for (var i = 0; i < leaves.Count; i++)
            {
                diff.Add(new LeafDiff(request.Leaves[i].Path, prior[i], leaves[i].Value, true));
            }

            var requested = leaves.Select(l => l.Path.ToString()).ToHashSet(StringComparer.Ordinal);
            diff.AddRange(ObjectDiff.Besides(kind.Kind, before.Root, after.Root, before.Projected, after.Projected, requested));
            return new OperationResult(OperationStatus.Applied, before.Uid, before.Generation, diff);
        }
    }

    /// <summary>The API server says 422 both for a failed <c>test</c> and for a value that it finds wrong; a second look tells which.</summary>
    private async Task<OperationResult> ExplainAsync(OperationRequest request, ResourceKind kind, string path, ApiObject before, OperationResult failure, CancellationToken cancellationToken)
    {
        if (failure.Status is not (OperationStatus.Invalid or OperationStatus.Changed))
        {
            return failure with { Uid = before.Uid, Generation = before.Generation };
        }

        var (now, _) = await ReadAsync(kind, HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        using (now)
        {
            var moved = now is not null && (now.Uid != before.Uid || now.Generation != before.Generation || Bound(request, now.Uid, now.Generation) is not null);
            return (moved ? new OperationResult(OperationStatus.Changed, Reason: "ChangedMeanwhile") : failure) with { Uid = before.Uid, Generation = before.Generation };
        }
    }

    private static OperationResult? Check(OperationRequest request, out ResourceKind kind, out List<(PatchableLeaf Leaf, FieldPath Path, string? Value)> leaves)
    {
        leaves = [];
        var target = request.Target;
        kind = ResourceKinds.ByKind(target.Group, target.Kind)!;
        if (kind is null || !AccessPolicy.IsName(target.Name) || kind.Namespaced != target.Namespace.Length > 0 || (kind.Namespaced && !AccessPolicy.IsLabel(target.Namespace)))
        {
            return new OperationResult(OperationStatus.Forbidden, Reason: "NotAllowed");
        }

        if (request.Leaves.Count is 0 or > MostLeaves)
        {
            return new OperationResult(OperationStatus.Invalid, Reason: "BadRequest");
        }

        foreach (var change in request.Leaves)
        {
            if (FieldPath.Parse(change.Path) is not { } path || PatchableLeaves.Find(request.Operation, target.Group, target.Kind, path) is not { } leaf)
            {
                return new OperationResult(OperationStatus.Forbidden, Reason: "FieldNotAllowed");
            }

            if (Marker.IsIn(change.Value))
            {
                return new OperationResult(OperationStatus.Invalid, Reason: "WithheldValue");
            }

            if (!PatchableLeaves.Accepts(leaf, change.Value))
            {
                return new OperationResult(OperationStatus.Invalid, Reason: "InvalidValue");
            }

            leaves.Add((leaf, path, change.Value));
        }

        if (leaves.Select(l => l.Path.ToString()).Distinct(StringComparer.Ordinal).Count() != leaves.Count)
        {
            return new OperationResult(OperationStatus.Invalid, Reason: "BadRequest");
        }

        var complete = request.DryRun || (request.Nonce is { Length: > 0 and <= 128 } && request.Target.Uid is not null && request.Expected?.Count == request.Leaves.Count);
        return complete ? null : new OperationResult(OperationStatus.Invalid, Reason: "NotApproved");
    }

    private static OperationResult? Bound(OperationRequest request, string uid, long? generation)
    {
        if (request.Target.Uid is { } wanted && wanted != uid)
        {
            return new OperationResult(OperationStatus.Changed, uid, generation, Reason: "UidChanged");
        }

        return request.Target.Generation is { } approved && approved != generation
            ? new OperationResult(OperationStatus.Changed, uid, generation, Reason: "GenerationChanged")
            : null;
    }

    private async Task<(ApiObject? Object, OperationResult? Failure)> ReadAsync(ResourceKind kind, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await api.SendAsync(method, path, content, cancellationToken).ConfigureAwait(false);
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var json = await BodyReader.ReadAsync(body, Projector.MaxObjectBytes, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return (new ApiObject(json, projector.Project(kind.Kind, json)), null);
        }

        return (null, Failure(response.StatusCode, json));
    }

    private OperationResult Failure(HttpStatusCode code, byte[] json)
    {
        string reason = "", message = "";
        try
        {
            using var status = JsonDocument.Parse(projector.Project(RedactionSpecification.StatusKind, json).Json);
            (reason, message) = (status.RootElement.At("reason").Text(), status.RootElement.At("message").Text());
        }
        catch (ProjectionException)
        {
            // No Status: the code alone must do.
        }

        return code switch
        {
            HttpStatusCode.NotFound => new OperationResult(OperationStatus.NotFound, Reason: "NotFound"),
            HttpStatusCode.Unauthorized => new OperationResult(OperationStatus.Forbidden, Reason: "Unauthorized"),

            // RBAC refuses in a sentence of its own; any other 403 is an admission's or a quota's.
            HttpStatusCode.Forbidden when message.Contains(" cannot ", StringComparison.Ordinal) || reason.Length == 0 => new OperationResult(OperationStatus.Forbidden, Reason: "Forbidden"),
            HttpStatusCode.Forbidden => new OperationResult(OperationStatus.Invalid, Reason: "AdmissionRefused"),
            HttpStatusCode.Conflict => new OperationResult(OperationStatus.Changed, Reason: "Conflict"),
            HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest => new OperationResult(OperationStatus.Invalid, Reason: reason.Length > 0 ? reason : "Invalid"),
            _ => new OperationResult(OperationStatus.Unavailable, Reason: reason.Length > 0 ? reason : "ApiServerUnavailable"),
        };
    }

    private sealed class ApiObject : IDisposable
    {
        private readonly JsonDocument document;

        public ApiObject(byte[] json, Projected projected)
        {
            document = JsonDocument.Parse(json);
            Projected = projected;
            var meta = Root.At("metadata");
            Uid = meta.At("uid").Text();
            Generation = meta.At("generation").Exists() ? meta.At("generation").Long() : null;
        }

        public JsonElement Root => document.RootElement;

        public Projected Projected { get; }

        public string Uid { get; }

        public long? Generation { get; }

        public void Dispose() => document.Dispose();
    }
}
