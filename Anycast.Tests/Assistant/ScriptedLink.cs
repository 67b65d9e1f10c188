using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Anycast.Core.Clusters.Links;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;
using k8s;
using k8s.Models;

namespace Anycast.Tests.Assistant;

/// <summary>A cluster's link that serves given objects and writes down what it is asked to change.</summary>
internal sealed class ScriptedLink : IClusterLink
{
    private readonly ConcurrentDictionary<string, JsonArray> _lists = new();

    public ConcurrentQueue<OperationRequest> Operations { get; } = new();

    public ConcurrentQueue<string> Paths { get; } = new();

    /// <summary>Serves these as the collection whose path ends so: <c>pods</c>, <c>deployments</c>.</summary>
    public ScriptedLink Serve<T>(string plural, params T[] items)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        _lists[plural] = new JsonArray([.. items.Select(i => JsonNode.Parse(KubernetesJson.Serialize(i)))]);
        return this;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var path = request.RequestUri!.AbsolutePath;
        Paths.Enqueue(path);
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        JsonNode? body = _lists.TryGetValue(parts[^1], out var list)
            ? new JsonObject { ["metadata"] = new JsonObject(), ["items"] = list.DeepClone() }
            : parts.Length > 1 && _lists.TryGetValue(parts[^2], out var of)
                ? of.FirstOrDefault(i => (string?)i!["metadata"]!["name"] == parts[^1])?.DeepClone()
                : parts.Length > 2 && parts[^2] is not "namespaces" && parts[^1].EndsWith('s') ? new JsonObject { ["metadata"] = new JsonObject(), ["items"] = new JsonArray() } : null;
        return Task.FromResult(body is null
            ? new HttpResponseMessage(HttpStatusCode.NotFound)
            : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") });
    }

    public async IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, [EnumeratorCancellation] CancellationToken ct)
    {
        yield return new RowChange(RowChangeType.Reset);
        yield return new RowChange(RowChangeType.Synced);
        await Task.Delay(Timeout.Infinite, ct);
    }

    public Task<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken ct)
    {
        Operations.Enqueue(request);
        return Task.FromResult(new OperationResult(OperationStatus.Applied, "uid-target", 3, [.. request.Leaves.Select(l => new LeafDiff(l.Path, "before", l.Value, true))]));
    }

    public void Close(string reason)
    {
    }
}
