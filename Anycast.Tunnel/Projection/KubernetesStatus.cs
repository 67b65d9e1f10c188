using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>Statuses that the agent itself answers, in the shape of the Kubernetes API (meta/v1 Status).</summary>
public static class KubernetesStatus
{
    /// <summary>A Failure with a reason and one of the fixed sentences of <c>message-templates.yaml</c>.</summary>
    public static Projected Failure(int code, string reason, string message)
    {
        var json = $"{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\"message\":\"{message}\",\"reason\":\"{reason}\",\"code\":{code}}}";
        return Projector.Current.Project(RedactionSpecification.StatusKind, Encoding.UTF8.GetBytes(json));
    }
}
