using Anycast.Tunnel;

namespace Anycast.Core.Agents.Transport;

/// <summary>The end of KubernetesClient's pipeline: reads go through the agent's Objects, nothing else goes anywhere.</summary>
internal sealed class ObjectsHandler(AgentClient client) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = AgentClient.Address(TunnelRoutes.Objects + request.RequestUri!.PathAndQuery);
        return client.SendAsync(request, cancellationToken);
    }
}
