using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Links;

/// <summary>An answer for projected objects: HTTP status and JSON (an object, a list, or a Status when the code is none of success).</summary>
public sealed record LinkAnswer(int Status, ReadOnlyMemory<byte> Json);

/// <summary>
/// A live way to one cluster. Implemented by what holds an agent's tunnel (Agents stand above Clusters); another replica's tunnel and the
/// scripted link of tests are the further implementations. Every call has a time limit of its own.
/// </summary>
public interface IClusterLink
{
    /// <summary>One read of projected objects, by the Kubernetes API's own path and query. Cancelling cancels at the Kubernetes API.</summary>
    /// <exception cref="IOException">The tunnel broke.</exception>
    Task<LinkAnswer> GetAsync(string pathAndQuery, CancellationToken ct);

    /// <summary>Rows of a kind: a list, then changes until cancelled or until the tunnel breaks (which throws).</summary>
    IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, CancellationToken ct);

    /// <summary>One operation, or its dry run. <see cref="OperationStatus.Unavailable"/> when the tunnel broke: what became of an execution is not known then.</summary>
    Task<OperationResult> OperateAsync(OperationRequest request, CancellationToken ct);

    /// <summary>Cuts the tunnel. <paramref name="reason"/> is a code.</summary>
    void Close(string reason);
}
