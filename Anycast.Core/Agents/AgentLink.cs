using Anycast.Core.Agents.Transport;
using Anycast.Core.Clusters.Links;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Agents;

/// <summary>A cluster reached through its agent's tunnel on this replica.</summary>
internal sealed class AgentLink(AgentCarrier carrier, AgentClient client) : IClusterLink
{
    public AgentCarrier Carrier => carrier;

    public async Task<LinkAnswer> GetAsync(string pathAndQuery, CancellationToken ct)
    {
        var answer = await client.GetObjectsAsync(pathAndQuery, ct);
        return new LinkAnswer(answer.Status, answer.Json);
    }

    public IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, CancellationToken ct) => client.WatchRowsAsync(kind, null, ct);

    public Task<OperationResult> OperateAsync(OperationRequest request, CancellationToken ct) => client.OperateAsync(request, ct);

    public void Close(string reason) => _ = carrier.CloseAsync(reason);
}
