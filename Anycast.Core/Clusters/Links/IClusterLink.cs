using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Links;

/// <summary>
/// A live way to one cluster. Implemented by what holds an agent's tunnel (Agents stand above Clusters); another replica's tunnel and the
/// scripted link of tests are the further implementations.
/// </summary>
public interface IClusterLink
{
    /// <summary>Sends one request for projected objects; the path is below <see cref="Anycast.Tunnel.TunnelRoutes.Objects"/>. Disposing the response cancels at the Kubernetes API.</summary>
    /// <exception cref="HttpRequestException">The tunnel broke.</exception>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct);

    /// <summary>Rows of a kind: a list, then changes until cancelled or until the tunnel breaks (which throws).</summary>
    IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, CancellationToken ct);

    /// <summary>One operation, or its dry run.</summary>
    /// <exception cref="HttpRequestException">The tunnel broke; what became of an execution is not known.</exception>
    Task<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken ct);

    /// <summary>What a container logged, where the customer's opt-in allows it.</summary>
    /// <exception cref="HttpRequestException">The tunnel broke.</exception>
    Task<(int Status, LogText? Text)> LogsAsync(LogQuery query, CancellationToken ct) => Task.FromResult<(int, LogText?)>((403, null));

    /// <summary>What a ConfigMap holds, where the customer's opt-in allows it.</summary>
    /// <exception cref="HttpRequestException">The tunnel broke.</exception>
    Task<(int Status, ConfigText? Text)> ConfigDataAsync(ConfigQuery query, CancellationToken ct) => Task.FromResult<(int, ConfigText?)>((403, null));

    /// <summary>Cuts the tunnel. <paramref name="reason"/> is a code.</summary>
    void Close(string reason);
}
