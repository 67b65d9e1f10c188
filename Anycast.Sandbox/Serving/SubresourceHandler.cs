using System.Globalization;
using System.Text.Json.Nodes;
using Anycast.Sandbox.Access;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Storage;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>status, scale, eviction, finalize, token and log. What opens a session into a pod is refused: there is nothing to run.</summary>
internal sealed class SubresourceHandler(ResourceWriter writer, WriteHandler writes, ListHandler lists, CanaryMint canaries, Tokens tokens, TimeProvider clock)
{
    public Task HandleAsync(ApiRequest request, KindInfo kind) => (request.Subresource, request.Verb) switch
    {
        ("status", "get") => lists.GetAsync(request, kind),
        ("status", "update") => writes.UpdateAsync(request, kind, WritePart.Status),
        ("status", "patch") => writes.PatchAsync(request, kind, WritePart.Status),
        ("scale", "get") when kind.HasScale => Reply.JsonAsync(request.Http, Scale(kind, Find(request, kind))),
        ("scale", "update" or "patch") when kind.HasScale => ScaleAsync(request, kind),
        ("eviction", "create") when kind == BuiltIn.Pod => EvictAsync(request),
        ("token", "create") when kind == BuiltIn.ServiceAccount => TokenAsync(request),
        ("log", "get") when kind == BuiltIn.Pod => LogAsync(request),
        ("finalize", "update") when kind == BuiltIn.Namespace => writes.UpdateAsync(request, kind, WritePart.Everything),
        ("exec" or "attach" or "portforward" or "proxy", _) when kind.Subresources.Contains(request.Subresource) => NoRuntimeAsync(request, kind),
        _ when kind.Subresources.Contains(request.Subresource) || request.Subresource is "status" or "scale" => throw KubeErrors.MethodNotAllowed(),
        _ => throw KubeErrors.NoSuchRoute(),
    };

    private StoredObject Find(ApiRequest request, KindInfo kind) =>
        writer.Store.Find(kind, request.Key) ?? throw KubeErrors.NotFound(kind, request.Name);

    private static JsonObject Scale(KindInfo kind, StoredObject obj)
    {
        var json = obj.Json;
        var selector = kind == BuiltIn.ReplicationController ? json.Obj("spec", "selector") : json.Obj("spec", "selector", "matchLabels");
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = obj.Name,
                ["namespace"] = obj.Namespace,
                ["uid"] = obj.Uid,
                ["resourceVersion"] = obj.ResourceVersion.ToString(CultureInfo.InvariantCulture),
                ["creationTimestamp"] = json.Str("metadata", "creationTimestamp"),
            },
            ["spec"] = new JsonObject { ["replicas"] = json.Number("spec", "replicas") ?? 0 },
            ["status"] = new JsonObject
            {
                ["replicas"] = json.Number("status", "replicas") ?? 0,
                ["selector"] = string.Join(",", selector.Select(p => $"{p.Key}={p.Value}")),
            },
        };
    }

    private async Task ScaleAsync(ApiRequest request, KindInfo kind)
    {
        var body = await WriteHandler.ReadNodeAsync(request);
        var by = new WriteBy(request.Manager, DryRun: request.DryRun) { Subresource = "scale" };
        var changed = writer.Update(
            kind,
            request.Key,
            current =>
            {
                var present = Scale(kind, Find(request, kind));
                var wanted = request.Verb == "patch" ? WriteHandler.Patched(WriteHandler.MediaType(request), present, body) : (JsonObject)body;
                if (wanted.Number("spec", "replicas") is not ({ } replicas and >= 0))
                {
                    throw KubeErrors.Invalid(kind, request.Name, [FieldError.Invalid("spec.replicas", wanted.At("spec", "replicas")?.ToJsonString() ?? "null", "must be greater than or equal to 0")]);
                }

                if (wanted.Str("metadata", "resourceVersion") is { Length: > 0 } version)
                {
                    current.Ensure("metadata")["resourceVersion"] = version;
                }

                current.Ensure("spec")["replicas"] = replicas;
                return current;
            },
            by);
        await Reply.JsonAsync(request.Http, Scale(kind, changed));
    }

    private async Task EvictAsync(ApiRequest request)
    {
        var pod = Find(request, BuiltIn.Pod);
        var body = await WriteHandler.ReadAsync(request);
        var budget = writer.Store.List(BuiltIn.PodDisruptionBudget, pod.Namespace)
            .FirstOrDefault(b => LabelSelector.Of(b.Json.Obj("spec", "selector")) is { IsEmpty: false } s && s.Matches(pod.Labels));
        if (budget is not null && pod.Pod is { Ready: true } && budget.Json.Int("status", "disruptionsAllowed") <= 0)
        {
            throw KubeErrors.TooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 10);
        }

        var options = DeleteOptions.Of(body.Obj("deleteOptions"), request.DryRun, "");
        writer.Delete(BuiltIn.Pod, pod.Key, options);
        await Reply.JsonAsync(
            request.Http,
            new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 },
            201);
    }

    /// <summary>A token for a service account (<c>kubectl create token</c>); the sandbox's tokens do not expire.</summary>
    private async Task TokenAsync(ApiRequest request)
    {
        var account = Find(request, BuiltIn.ServiceAccount);
        var review = await WriteHandler.ReadAsync(request);
        var seconds = review.Number("spec", "expirationSeconds") ?? 3600;
        review["status"] = new JsonObject
        {
            ["token"] = tokens.Add(Identity.ServiceAccount(account.Namespace, account.Name)),
            ["expirationTimestamp"] = Json.Stamp(clock.GetUtcNow().AddSeconds(seconds)),
        };
        await Reply.JsonAsync(request.Http, review, 201);
    }

    private async Task LogAsync(ApiRequest request)
    {
        var pod = Find(request, BuiltIn.Pod);
        var container = request.Query["container"].ToString() is { Length: > 0 } named ? named : pod.Json.Items("spec", "containers").First().Str("name");
        var text = string.Concat(Enumerable.Range(1, 5).Select(i =>
            $"{Json.Stamp(writer.Store.Now)} level=info pod={pod.Name} container={container} msg=\"request {i}\" token={canaries.Mint("log", $"{pod.Namespace}/{pod.Name}/{container}/{i}")}\n"));
        request.Http.Response.ContentType = "text/plain";
        await request.Http.Response.WriteAsync(text, request.Aborted);
    }

    private Task NoRuntimeAsync(ApiRequest request, KindInfo kind)
    {
        Find(request, kind);
        return Reply.FailureAsync(request.Http, new ApiException(501, "NotImplemented", $"the sandbox runs no containers: {kind.Plural}/{request.Subresource} has nothing to connect to"));
    }
}
