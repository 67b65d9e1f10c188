namespace Anycast.Tunnel;

/// <summary>The paths of the wire contract. The agent is the HTTP/2 server; everything not listed here is 404.</summary>
public static class TunnelRoutes
{
    /// <summary>Where the agent dials: a WebSocket on the service.</summary>
    public const string Connect = "/agent/connect";

    /// <summary>Rows: <c>GET /rows/{Kind}?namespace=</c>, a stream of <see cref="Rows.RowChange"/> that lists, then watches until it is closed.</summary>
    public const string Rows = "/rows";

    /// <summary>
    /// Objects: <c>GET /objects/api/v1/…</c> and <c>/objects/apis/{group}/{version}/…</c>, the Kubernetes API's own paths for get and list
    /// (<c>labelSelector</c>, <c>fieldSelector</c>, <c>limit</c>, <c>continue</c>), answered with projected objects, so that KubernetesClient reads them.
    /// </summary>
    public const string Objects = "/objects";

    /// <summary>With an answer of <see cref="Objects"/>, as a header or, of a list, as a trailer: how many fields stayed in the cluster.</summary>
    public const string WithheldHeader = "anycast-withheld";

    /// <summary>Operations: <c>POST /operations</c> with an <see cref="Operations.OperationRequest"/>, answered with an <see cref="Operations.OperationResult"/>.</summary>
    public const string Operations = "/operations";

    /// <summary>Logs: <c>GET /logs/{namespace}/{pod}</c>, answered with a <see cref="Tunnel.Logs.LogText"/> where the customer's opt-in allows it, else 403.</summary>
    public const string Logs = "/logs";

    /// <summary>Config data: <c>GET /config-data/{namespace}/{configmap}</c>, answered with a <see cref="Tunnel.ConfigData.ConfigText"/> where the customer's opt-in allows it, else 403.</summary>
    public const string ConfigData = "/config-data";

    /// <summary>What the agent is: version, specification version, cluster UID, Kubernetes version.</summary>
    public const string About = "/about";

    /// <summary>Rights: <c>GET /rights</c>, answered with a <see cref="Tunnel.Rights.RightsReport"/>: what the API server says the agent may do.</summary>
    public const string Rights = "/rights";
}
