using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Tunnel;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using k8s;
using k8s.Models;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>What to list.</summary>
/// <param name="Namespace">Only this namespace; null or empty for all.</param>
/// <param name="LabelSelector">As kubectl's <c>-l</c>.</param>
/// <param name="FieldSelector">As kubectl's <c>--field-selector</c>.</param>
/// <param name="Limit">At most so many, within <see cref="ClusterLimits.ObjectsPerList"/>.</param>
public sealed record ObjectQuery(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null, int Limit = ClusterLimits.ObjectsPerList);

/// <summary>A list of objects. <see cref="Complete"/> is false when more exist than were read.</summary>
public sealed record ObjectList<T>(IReadOnlyList<T> Items, bool Complete);

/// <summary>Reads projected objects over one link, bounded in time and size. Knows nothing of actors: <see cref="ClusterGateway"/> does.</summary>
internal sealed class ClusterReader(IClusterLink link)
{
    public async Task<Outcome<byte[]>> ReadBytesAsync(string pathAndQuery, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(ClusterLimits.ReadTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("http://agent" + TunnelRoutes.Objects + pathAndQuery));
            using var response = await link.SendAsync(request, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                return ClusterFailures.Of(response.StatusCode);
            }

            return await ReadBoundedAsync(response, limit.Token) is { } body ? body : ClusterFailures.TooLarge;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ClusterFailures.Timeout;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            return ClusterFailures.Offline;
        }
    }

    public Task<Outcome<LogText>> ReadLogsAsync(LogQuery query, CancellationToken ct) => OptedInAsync(limit => link.LogsAsync(query, limit), ct);

    public Task<Outcome<ConfigText>> ReadConfigDataAsync(ConfigQuery query, CancellationToken ct) => OptedInAsync(limit => link.ConfigDataAsync(query, limit), ct);

    /// <summary>Reads what only an opt-in of the customer's lets pass.</summary>
    private static async Task<Outcome<T>> OptedInAsync<T>(Func<CancellationToken, Task<(int Status, T? Text)>> readAsync, CancellationToken ct)
        where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(ClusterLimits.ReadTimeout);
        try
        {
            var (status, text) = await readAsync(limit.Token);
            return text is not null ? text : status == (int)HttpStatusCode.Forbidden ? ClusterFailures.NotOptedIn : ClusterFailures.Of((HttpStatusCode)status);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return ClusterFailures.Timeout;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            return ClusterFailures.Offline;
        }
    }

    public async Task<Outcome<T>> ReadAsync<T>(string ns, string name, CancellationToken ct)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var body = await ReadBytesAsync(KindOf<T>().Path(ns, name), ct);
        return body.IsOk ? Parse<T>(body.Value) : body.Failure;
    }

    public async Task<Outcome<ObjectList<T>>> ListAsync<T>(ObjectQuery query, CancellationToken ct)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var wanted = Math.Clamp(query.Limit, 1, ClusterLimits.ObjectsPerList);
        var items = new List<T>();
        string? next = null;
        do
        {
            var body = await ReadBytesAsync(KindOf<T>().Path(query.Namespace ?? "") + QueryString(query, Math.Min(ClusterLimits.ObjectsPerPage, wanted - items.Count), next), ct);
            if (!body.IsOk)
            {
                return body.Failure;
            }

            var page = Parse<ListPage<T>>(body.Value);
            if (!page.IsOk)
            {
                return page.Failure;
            }

            items.AddRange(page.Value.Items);
            next = page.Value.Metadata?.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next) && items.Count < wanted);

        return new ObjectList<T>(items, string.IsNullOrEmpty(next));
    }

    private static string QueryString(ObjectQuery query, int limit, string? next)
    {
        var text = new StringBuilder("?limit=").Append(limit);
        Add("labelSelector", query.LabelSelector);
        Add("fieldSelector", query.FieldSelector);
        Add("continue", next);
        return text.ToString();

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
    }

    private static Outcome<T> Parse<T>(byte[] body)
        where T : class
    {
        try
        {
            using var stream = new MemoryStream(body, writable: false);
            return KubernetesJson.Deserialize<T>(stream) is { } value ? value : ClusterFailures.Broken;
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException or InvalidOperationException)
        {
            return ClusterFailures.Broken;
        }
    }

    private static ClusterKind KindOf<T>()
    {
        var entity = typeof(T).GetCustomAttribute<KubernetesEntityAttribute>() ?? throw new ArgumentException($"{typeof(T).Name} is no Kubernetes kind.");
        return ClusterKinds.Find(entity.Kind) ?? throw new ArgumentException($"The kind {entity.Kind} is not among those the service asks for.");
    }

    private static async Task<byte[]?> ReadBoundedAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        using var copy = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, ct)) > 0)
        {
            if (copy.Length + read > ClusterLimits.AnswerBytes)
            {
                return null;
            }

            copy.Write(buffer, 0, read);
        }

        return copy.ToArray();
    }

    private sealed class ListPage<T>
    {
        [JsonPropertyName("metadata")]
        public V1ListMeta? Metadata { get; set; }

        [JsonPropertyName("items")]
        public List<T> Items { get; set; } = [];
    }
}
