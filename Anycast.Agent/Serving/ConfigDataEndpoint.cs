using Anycast.Agent.Cluster;
using Anycast.Agent.OptIns;
using Anycast.Agent.Policy;
using Anycast.Tunnel;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Serving;

/// <summary>
/// Config data: <c>GET /config-data/{namespace}/{configmap}</c>. Without the customer's opt-in for the namespace nothing of it reaches the API
/// server; with it, the cluster's RBAC decides, and keys and values pass <see cref="ConfigRedactor"/>. There is no such way to a Secret.
/// </summary>
internal sealed class ConfigDataEndpoint(KubernetesApi api, OptInReader optIns, ILogger logger)
{
    public async Task HandleAsync(HttpContext context, string target)
    {
        var query = context.Request.Method == HttpMethods.Get ? Parse(target) : null;
        if (query is null || !await optIns.AllowsAsync(OptInKind.ConfigData, query.Namespace, context.RequestAborted).ConfigureAwait(false))
        {
            logger.LogWarning("Refused a request for config data: {Reason}", query is null ? "outside the agent's law" : "no opt-in");
            context.Response.StatusCode = query is null ? StatusCodes.Status404NotFound : StatusCodes.Status403Forbidden;
            return;
        }

        try
        {
            using var response = await api.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{query.Namespace}/configmaps/{query.Name}", null, context.RequestAborted).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                context.Response.StatusCode = (int)response.StatusCode;
                return;
            }

            using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false);
            var text = ConfigRedactor.Redact(query, await BodyReader.ReadAsync(body, ConfigRedactor.MostBytes, context.RequestAborted).ConfigureAwait(false));
            await context.Response.WriteAsJsonAsync(text, TunnelJson.Default.ConfigText, cancellationToken: context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiUnavailableException or ProjectionException or HttpRequestException or IOException && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
        }
    }

    /// <summary>Reads what stands below <c>/config-data/</c>; null when it is none of ours. Nothing is percent-decoded, and there are no parameters.</summary>
    internal static ConfigQuery? Parse(string target) =>
        target.Split('/') is [var ns, var name] && AccessPolicy.IsLabel(ns) && AccessPolicy.IsName(name) ? new ConfigQuery(ns, name) : null;
}
