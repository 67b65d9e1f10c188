using System.Net;
using System.Net.Http.Headers;
using Anycast.Tunnel.Projection;

namespace Anycast.Core.Agents.Transport;

/// <summary>The end of KubernetesClient's pipeline: reads go through the agent's Objects, nothing else goes anywhere.</summary>
internal sealed class ObjectsHandler(AgentClient client) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = request.Method == HttpMethod.Get
            ? await client.GetObjectsAsync(request.RequestUri!.PathAndQuery, cancellationToken).ConfigureAwait(false)
            : new ObjectsResponse(403, KubernetesStatus.Failure(403, "Forbidden", "Not allowed by the agent").Json);
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { RequestMessage = request, Content = new ReadOnlyMemoryContent(answer.Json) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return response;
    }
}
