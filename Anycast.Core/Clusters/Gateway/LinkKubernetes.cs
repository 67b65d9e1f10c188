using Anycast.Core.Clusters.Links;
using Anycast.Tunnel;
using k8s;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>KubernetesClient over an agent's tunnel: its typed calls reach the agent's Objects, and nothing else.</summary>
internal static class LinkKubernetes
{
    public static Kubernetes Create(IClusterLink link) => new Kubernetes(
        new KubernetesClientConfiguration { Host = "http://agent", HttpClientTimeout = ClusterLimits.ReadTimeout },
        new LinkHandler(link));

    /// <summary>The end of the chain: never calls base, so no socket is ever opened for it.</summary>
    private sealed class LinkHandler(IClusterLink link) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // Lists say watch=false or end in a bare question mark; the agent's law knows no such parameter.
            var query = string.Join('&', request.RequestUri!.Query.TrimStart('?').Split('&').Where(p => p is not ("" or "watch=false")));
            request.RequestUri = new Uri("http://agent" + TunnelRoutes.Objects + request.RequestUri.AbsolutePath + (query.Length == 0 ? "" : "?" + query));
            return link.SendAsync(request, cancellationToken);
        }
    }
}
