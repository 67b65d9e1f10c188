using Anycast.Core.Clusters.Links;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Agents.Transport;

/// <summary>A connected agent as the way to its cluster.</summary>
public sealed class AgentLink(AgentClient client) : IClusterLink
{
    public AgentClient Client => client;

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) => client.SendAsync(request, ct);

    public IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, CancellationToken ct) => client.WatchRowsAsync(kind, null, ct);

    public async Task<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken ct)
    {
        var result = await client.OperateAsync(request, ct);
        return result is { Status: OperationStatus.Unavailable, Reason: AgentClient.Offline } ? throw new AgentOfflineException() : result;
    }

    public Task<(int Status, LogText? Text)> LogsAsync(LogQuery query, CancellationToken ct) => client.LogsAsync(query, ct);

    public Task<(int Status, ConfigText? Text)> ConfigDataAsync(ConfigQuery query, CancellationToken ct) => client.ConfigDataAsync(query, ct);

    public void Close(string reason) => _ = client.Carrier.CloseAsync(reason);
}
