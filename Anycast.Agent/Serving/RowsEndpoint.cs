using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Serving;

/// <summary>Rows: <c>GET /rows/{Kind}?namespace=</c>.</summary>
internal sealed class RowsEndpoint(KubernetesApi api, Projector projector, TimeProvider clock, ILogger logger, CancellationToken stopping)
{
    public async Task HandleAsync(HttpContext context, string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var kind = ResourceKinds.Rows(question < 0 ? target : target[..question]);
        var ns = question < 0 ? null : Namespace(target[(question + 1)..]);
        if (kind is null || ns is "" || (ns is not null && !kind.Namespaced))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.ContentType = "application/x-ndjson";
        logger.LogDebug("Rows {Kind}: begins", kind.Kind);
        using var stream = new RowStream(api, projector, kind, ns, context.Response.BodyWriter, clock, logger);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await stream.RunAsync(ending.Token).ConfigureAwait(false);
    }

    /// <summary>The namespace asked for; empty when the query is none of ours.</summary>
    private static string Namespace(string query) =>
        query.StartsWith("namespace=", StringComparison.Ordinal) && query["namespace=".Length..] is { Length: > 0 } ns && AccessPolicy.IsLabel(ns) ? ns : "";
}
