using System.Diagnostics;
using System.Globalization;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Serving;

/// <summary>Objects: get and list by the Kubernetes API's own paths, answered with projected objects. Errors are projected too.</summary>
internal sealed class ObjectsEndpoint(KubernetesApi api, Projector projector, ILogger logger)
{
    private const int MaxError = 256 * 1024;

    /// <summary>How long a whole answer may take.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public async Task HandleAsync(HttpContext context, string target)
    {
        var started = Stopwatch.GetTimestamp();
        var read = context.Request.Method == HttpMethods.Get ? AccessPolicy.Read(target) : null;
        if (read is null)
        {
            logger.LogWarning("Refused a request that is outside the agent's law");
            await StatusAsync(context, 403, "Forbidden", "Not allowed by the agent").ConfigureAwait(false);
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(Limit);
        try
        {
            using var response = await (read.Name is null ? api.SendAsync(HttpMethod.Get, read.Target, null, limit.Token) : api.GetObjectAsync(read.Target, limit.Token)).ConfigureAwait(false);
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                await ErrorAsync(context, (int)response.StatusCode, body, limit.Token).ConfigureAwait(false);
            }
            else if (read.Name is null)
            {
                context.Response.ContentType = "application/json";
                var counts = await ProjectedCopy.ListAsync(projector, read.Resource.Kind, read.Resource.ApiVersion, body, context.Response.BodyWriter, limit.Token).ConfigureAwait(false);
                context.Response.AppendTrailer(TunnelRoutes.WithheldHeader, counts.Total.ToString(CultureInfo.InvariantCulture));
            }
            else
            {
                await WriteAsync(context, 200, await ProjectedCopy.ObjectAsync(projector, read.Resource.Kind, body, limit.Token).ConfigureAwait(false)).ConfigureAwait(false);
            }

            logger.LogDebug("Objects {Kind} {Verb}: {Status} in {Elapsed} ms", read.Resource.Kind, read.Name is null ? "list" : "get", (int)response.StatusCode, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (Exception e) when (e is ApiUnavailableException or ProjectionException or HttpRequestException or IOException && !context.Response.HasStarted)
        {
            logger.LogWarning("Objects {Kind}: no usable answer of the API server ({Error})", read.Resource.Kind, (e as ProjectionException)?.Code ?? e.GetType().Name);
            await StatusAsync(context, 502, "ServiceUnavailable", "The API server did not answer").ConfigureAwait(false);
        }
    }

    private async Task ErrorAsync(HttpContext context, int code, Stream body, CancellationToken cancellationToken)
    {
        Projected status;
        try
        {
            var json = await BodyReader.ReadAsync(body, MaxError, cancellationToken).ConfigureAwait(false);
            status = projector.Project(RedactionSpecification.StatusKind, json);
        }
        catch (ProjectionException)
        {
            status = KubernetesStatus.Failure(code, code == 401 ? "Unauthorized" : "InternalError", "The API server did not answer");
        }

        await WriteAsync(context, code, status).ConfigureAwait(false);
    }

    private static Task StatusAsync(HttpContext context, int code, string reason, string message) => WriteAsync(context, code, KubernetesStatus.Failure(code, reason, message));

    private static Task WriteAsync(HttpContext context, int code, Projected projected)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = projected.Json.Length;
        context.Response.Headers[TunnelRoutes.WithheldHeader] = projected.Counts.Total.ToString(CultureInfo.InvariantCulture);

        // Not flushed: so the answer and its end go out as one.
        ProjectedCopy.Write(context.Response.BodyWriter, projected);
        return Task.CompletedTask;
    }
}
