using System.Net;
using System.Net.Http.Headers;
using Anycast.Core.Clusters.Links;
using k8s;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>KubernetesClient over a link: its typed gets and lists reach the agent's Objects, and nothing else goes anywhere.</summary>
internal static class LinkKubernetes
{
    public static Kubernetes Create(IClusterLink link) => new(new KubernetesClientConfiguration { Host = "http://agent" }, new LinkHandler(link));

    /// <summary>The end of the chain: never calls base, so no socket is ever opened for it.</summary>
    private sealed class LinkHandler(IClusterLink link) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method != HttpMethod.Get)
            {
                return new HttpResponseMessage(HttpStatusCode.MethodNotAllowed) { RequestMessage = request, Content = new ByteArrayContent([]) };
            }

            var answer = await link.GetAsync(request.RequestUri!.PathAndQuery, cancellationToken);
            var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { RequestMessage = request, Content = new ReadOnlyMemoryContent(answer.Json) };
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            return response;
        }
    }
}
