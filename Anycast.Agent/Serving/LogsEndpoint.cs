using System.Globalization;
using Anycast.Agent.Cluster;
using Anycast.Agent.OptIns;
using Anycast.Agent.Policy;
using Anycast.Tunnel;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Serving;

/// <summary>
/// Logs: <c>GET /logs/{namespace}/{pod}?container=&amp;previous=true</c>. Without the customer's opt-in for the namespace nothing of it
/// reaches the API server; with it, the cluster's RBAC decides, and every line passes <see cref="LogRedactor"/>.
/// </summary>
internal sealed class LogsEndpoint(KubernetesApi api, OptInReader optIns, ILogger logger)
{
    public async Task HandleAsync(HttpContext context, string target)
    {
        var query = context.Request.Method == HttpMethods.Get ? Parse(target) : null;
        if (query is null || !await optIns.AllowsAsync(OptInKind.Logs, query.Namespace, context.RequestAborted).ConfigureAwait(false))
        {
            logger.LogWarning("Refused a request for a log: {Reason}", query is null ? "outside the agent's law" : "no opt-in");
            context.Response.StatusCode = query is null ? StatusCodes.Status404NotFound : StatusCodes.Status403Forbidden;
            return;
        }

        var path = string.Create(CultureInfo.InvariantCulture, $"/api/v1/namespaces/{query.Namespace}/pods/{query.Pod}/log?tailLines={LogRedactor.MostLines}&limitBytes={LogRedactor.MostBytes}")
            + (query.Container is null ? "" : "&container=" + query.Container) + (query.Previous ? "&previous=true" : "");
        try
        {
            using var response = await api.SendAsync(HttpMethod.Get, path, null, context.RequestAborted).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                context.Response.StatusCode = (int)response.StatusCode;
                return;
            }

            using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false);
            var text = LogRedactor.Redact(await BodyReader.ReadAsync(body, LogRedactor.MostBytes * 2, context.RequestAborted).ConfigureAwait(false));
            await context.Response.WriteAsJsonAsync(text, TunnelJson.Default.LogText, cancellationToken: context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiUnavailableException or ProjectionException or HttpRequestException or IOException && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
        }
    }

    /// <summary>Reads what stands below <c>/logs/</c>; null when it is none of ours. Nothing is percent-decoded.</summary>
    internal static LogQuery? Parse(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if ((question < 0 ? target : target[..question]).Split('/') is not [var ns, var pod] || !AccessPolicy.IsLabel(ns) || !AccessPolicy.IsName(pod))
        {
            return null;
        }

        var query = new LogQuery(ns, pod);
        foreach (var pair in question < 0 ? [] : target[(question + 1)..].Split('&'))
        {
            var next = pair switch
            {
                "previous=true" when !query.Previous => query with { Previous = true },
                _ when pair.StartsWith("container=", StringComparison.Ordinal) && query.Container is null && AccessPolicy.IsLabel(pair["container=".Length..]) => query with { Container = pair["container=".Length..] },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            query = next;
        }

        return query;
    }
}
