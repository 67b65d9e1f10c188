using System.Globalization;
using System.Text.Json;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Tunnel;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Core.Clusters.Departures;

/// <summary>A link of one actor's: every answer that holds anything of the cluster is written down before it is handed on.</summary>
internal sealed class RecordedLink(IClusterLink link, DepartureLog log, Guid clusterId, Actor actor) : IClusterLink
{
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var path = ResourcePath.Parse(request.RequestUri!.PathAndQuery[TunnelRoutes.Objects.Length..]);
        var response = await link.SendAsync(request, ct);
        if (!response.IsSuccessStatusCode)
        {
            return response; // A reason and a code, nothing of an object.
        }

        try
        {
            var withheld = response.Headers.TryGetValues(TunnelRoutes.WithheldHeader, out var values) && int.TryParse(values.FirstOrDefault(), CultureInfo.InvariantCulture, out var count) ? count : (int?)null;
            var operation = path.Name.Length > 0 ? DepartureOperation.Get : DepartureOperation.List;
            await log.RecordAsync(clusterId, actor, operation, (path.Kind?.Kind ?? "", path.Namespace, path.Name), response.Content.Headers.ContentLength ?? 0, withheld, ct);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public async Task<OperationResult> ExecuteAsync(OperationRequest request, CancellationToken ct)
    {
        var result = await link.ExecuteAsync(request, ct);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(result, TunnelJson.Default.OperationResult).Length;
        var target = request.Target;

        // Not with the caller's token: what was executed was executed, and is written down.
        await log.RecordAsync(clusterId, actor, request.DryRun ? DepartureOperation.DryRun : DepartureOperation.Execute, (target.Kind, target.Namespace, target.Name), bytes, null, CancellationToken.None);
        return result;
    }

    public async Task<(int Status, LogText? Text)> LogsAsync(LogQuery query, CancellationToken ct)
    {
        var answer = await link.LogsAsync(query, ct);
        if (answer.Text is { } text)
        {
            await log.RecordAsync(clusterId, actor, DepartureOperation.Logs, ("Pod", query.Namespace, query.Pod), text.Lines.Sum(l => System.Text.Encoding.UTF8.GetByteCount(l) + 1L), text.Withheld, ct);
        }

        return answer;
    }

    public async Task<(int Status, ConfigText? Text)> ConfigDataAsync(ConfigQuery query, CancellationToken ct)
    {
        var answer = await link.ConfigDataAsync(query, ct);
        if (answer.Text is { } text)
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(text, TunnelJson.Default.ConfigText).Length;
            await log.RecordAsync(clusterId, actor, DepartureOperation.ConfigData, ("ConfigMap", query.Namespace, query.Name), bytes, text.Withheld + text.Binary, ct);
        }

        return answer;
    }

    /// <summary>Watches are counted by the hour, where they are fed into the cache.</summary>
    public IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, CancellationToken ct) => link.WatchRowsAsync(kind, ct);

    public void Close(string reason) => link.Close(reason);
}
