using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Anycast.Tunnel;
using Anycast.Tunnel.ConfigData;
using Anycast.Tunnel.Logs;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rights;
using Anycast.Tunnel.Rows;
using k8s;

namespace Anycast.Core.Agents.Transport;

/// <summary>An answer of the Objects end point, projected again by the service.</summary>
/// <param name="Status">The API server's, or the agent's, HTTP status code.</param>
/// <param name="Json">A projected object or list, or a projected Status when the code is none of success.</param>
/// <param name="Withheld">How many fields stayed in the cluster, as the agent says; null when it does not.</param>
public sealed record ObjectsResponse(int Status, ReadOnlyMemory<byte> Json, int? Withheld = null)
{
    /// <summary>True for 200.</summary>
    public bool IsOk => Status == 200;
}

/// <summary>What the service asks of one connected agent. Every call has a time limit; an agent that is gone is an <see cref="AgentOfflineException"/>.</summary>
public sealed class AgentClient
{
    /// <summary>A detail or a page of a list.</summary>
    public static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    /// <summary>No answer of objects may be larger (bytes, projected).</summary>
    public const int MaxObjectsBytes = 64 * 1024 * 1024;

    /// <summary>A Rows stream says something at least every 5 s; silence for this long means the agent is gone.</summary>
    public static readonly TimeSpan RowsSilence = TimeSpan.FromSeconds(20);

    /// <summary>The reason of an operation whose connection ended.</summary>
    public const string Offline = "AgentOffline";

    private const int MaxRightsBytes = 4 * 1024 * 1024;
    private readonly AgentCarrier carrier;
    private readonly ProjectionCheck check;

    /// <param name="carrier">The connection.</param>
    /// <param name="alarm">Called, with kind and number, when the agent let something through that it should not have.</param>
    public AgentClient(AgentCarrier carrier, Action<string, int>? alarm = null)
    {
        this.carrier = carrier;
        check = new ProjectionCheck(Projector.Current, carrier.Hello.SpecificationVersion, alarm);
    }

    public AgentCarrier Carrier => carrier;

    /// <summary>How many leaves the service dropped that the agent had let through. Stays 0.</summary>
    public long Differences => check.Differences;

    internal static Uri Address(string pathAndQuery) => new("http://agent" + pathAndQuery);

    /// <summary>The rows of a kind: a Reset, the list, Synced, then changes, until the token is cancelled.</summary>
    /// <param name="kind">A kind of <see cref="ResourceKinds.WithRows"/>.</param>
    /// <param name="ns">One namespace, or null for all.</param>
    /// <exception cref="AgentOfflineException">The agent is gone, or went away during the stream.</exception>
    public async IAsyncEnumerable<RowChange> WatchRowsAsync(string kind, string? ns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, carrier.Ended);
        idle.CancelAfter(CallLimit);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address($"{TunnelRoutes.Rows}/{kind}" + (ns is null ? "" : "?namespace=" + Uri.EscapeDataString(ns))));
        using var response = await SendAsync(request, idle.Token, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"The agent has no rows of {kind} ({(int)response.StatusCode}).");
        }

        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var lines = new RowLines(body, new RowReader(kind, check));
        while (await FillAsync(lines, idle, cancellationToken).ConfigureAwait(false))
        {
            while (lines.TryNext(out var change))
            {
                yield return change;
            }
        }
    }

    /// <summary>One object, or one page of a list, by the Kubernetes API's own path and query.</summary>
    public async Task<ObjectsResponse> GetObjectsAsync(string pathAndQuery, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(TunnelRoutes.Objects + pathAndQuery));
        try
        {
            using var response = await carrier.SendAsync(request, limit.Token).ConfigureAwait(false);
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var json = await ProjectAsync(pathAndQuery, response.IsSuccessStatusCode, body, limit.Token).ConfigureAwait(false);

            // The trailer comes with the end of the body, which a list's last bracket is not.
            return await body.ReadAsync(new byte[1], limit.Token).ConfigureAwait(false) == 0
                ? new ObjectsResponse((int)response.StatusCode, json, Withheld(response))
                : throw new ProjectionException("InvalidJson");
        }
        catch (ProjectionException)
        {
            return new ObjectsResponse(502, KubernetesStatus.Failure(502, "ServiceUnavailable", "The API server did not answer").Json);
        }
        catch (Exception e) when (e is (HttpRequestException or IOException or OperationCanceledException) and not AgentOfflineException && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentOfflineException("The connection to the agent ended during an answer.", e);
        }
    }

    /// <summary>Runs, or tries, one operation. Does not throw when the agent is offline: the status is Unavailable then, and whether an execution took effect must be read back.</summary>
    public async Task<OperationResult> OperateAsync(OperationRequest operation, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, Address(TunnelRoutes.Operations));
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(operation, TunnelJson.Default.OperationRequest));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await carrier.SendAsync(request, limit.Token).ConfigureAwait(false);
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var json = await BodyReader.ReadAsync(body, 1024 * 1024, limit.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode && JsonSerializer.Deserialize(json, TunnelJson.Default.OperationResult) is { } result
                ? Checked(operation, result)
                : new OperationResult(OperationStatus.Unavailable, Reason: "AgentError");
        }
        catch (Exception e) when (e is JsonException or ProjectionException)
        {
            return new OperationResult(OperationStatus.Unavailable, Reason: "AgentError");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new OperationResult(OperationStatus.Unavailable, Reason: Offline);
        }
    }

    /// <summary>What the agent says of itself now.</summary>
    public async Task<AgentAbout> AboutAsync(CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(TunnelRoutes.About));
        using var response = await SendAsync(request, limit.Token, cancellationToken).ConfigureAwait(false);
        using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
        var json = await BodyReader.ReadAsync(body, 16 * 1024, limit.Token).ConfigureAwait(false);
        return JsonSerializer.Deserialize(json, TunnelJson.Default.AgentAbout) ?? throw new AgentOfflineException("The agent says nothing of itself.");
    }

    /// <summary>What the agent may do in its cluster; null when it can't say, as when it is older than the question.</summary>
    /// <exception cref="AgentOfflineException">The agent is gone.</exception>
    public async Task<RightsReport?> RightsAsync(CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(TunnelRoutes.Rights));
        using var response = await SendAsync(request, limit.Token, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            return null;
        }

        try
        {
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var json = await BodyReader.ReadAsync(body, MaxRightsBytes, limit.Token).ConfigureAwait(false);
            return JsonSerializer.Deserialize(json, TunnelJson.Default.RightsReport) is { } report ? RightsCheck.Clean(report) : null;
        }
        catch (Exception e) when (e is JsonException or ProjectionException)
        {
            return null;
        }
    }

    /// <summary>What a container logged: 200 with the text, or the code of the refusal; 403 also where the customer has not opted in.</summary>
    /// <exception cref="AgentOfflineException">The agent is gone.</exception>
    public async Task<(int Status, LogText? Text)> LogsAsync(LogQuery query, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(TunnelRoutes.Logs + query.Target));
        using var response = await SendAsync(request, limit.Token, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            return ((int)response.StatusCode, null);
        }

        try
        {
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var json = await BodyReader.ReadAsync(body, MaxRightsBytes, limit.Token).ConfigureAwait(false);
            if (JsonSerializer.Deserialize(json, TunnelJson.Default.LogText) is not { } text)
            {
                return (502, null);
            }

            var (own, differences) = LogRedactor.Check(text);
            check.Count("Log", differences);
            return (200, own);
        }
        catch (Exception e) when (e is JsonException or ProjectionException)
        {
            return (502, null);
        }
    }

    /// <summary>What a ConfigMap holds: 200 with its keys and values, or the code of the refusal; 403 also where the customer has not opted in.</summary>
    /// <exception cref="AgentOfflineException">The agent is gone.</exception>
    public async Task<(int Status, ConfigText? Text)> ConfigDataAsync(ConfigQuery query, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(TunnelRoutes.ConfigData + query.Target));
        using var response = await SendAsync(request, limit.Token, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            return ((int)response.StatusCode, null);
        }

        try
        {
            using var body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            var json = await BodyReader.ReadAsync(body, 2 * ConfigRedactor.MostBytes, limit.Token).ConfigureAwait(false);
            if (JsonSerializer.Deserialize(json, TunnelJson.Default.ConfigText) is not { } text)
            {
                return (502, null);
            }

            var (own, differences) = ConfigRedactor.Check(text);
            check.Count("ConfigMap", differences);
            return (200, own);
        }
        catch (Exception e) when (e is JsonException or ProjectionException)
        {
            return (502, null);
        }
    }

    /// <summary>Sends a read of <see cref="TunnelRoutes.Objects"/>; the answer is projected again before it is handed on, and every other request is refused.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var target = request.RequestUri!.PathAndQuery;
        var answer = request.Method == HttpMethod.Get && target.StartsWith(TunnelRoutes.Objects + "/", StringComparison.Ordinal)
            ? await GetObjectsAsync(target[TunnelRoutes.Objects.Length..], cancellationToken).ConfigureAwait(false)
            : new ObjectsResponse(403, KubernetesStatus.Failure(403, "Forbidden", "Not allowed by the agent").Json);
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { RequestMessage = request, Content = new ReadOnlyMemoryContent(answer.Json) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (answer.Withheld is { } withheld)
        {
            response.Headers.TryAddWithoutValidation(TunnelRoutes.WithheldHeader, withheld.ToString(CultureInfo.InvariantCulture));
        }

        return response;
    }

    /// <summary>A typed client whose gets and lists read the agent's projected objects; every other call is refused.</summary>
    public IKubernetes CreateKubernetes() =>
        new Kubernetes(new KubernetesClientConfiguration { Host = "http://agent" }, new ObjectsHandler(this));

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return await carrier.SendAsync(request, limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AgentOfflineException("The agent did not answer in time.", e);
        }
    }

    private static async Task<bool> FillAsync(RowLines lines, CancellationTokenSource idle, CancellationToken cancellationToken)
    {
        idle.CancelAfter(RowsSilence);
        try
        {
            return await lines.FillAsync(idle.Token).ConfigureAwait(false) ? true : throw new AgentOfflineException("The agent ended a stream of rows.");
        }
        catch (ProjectionException e)
        {
            throw new AgentOfflineException("The agent sent rows that are none.", e);
        }
        catch (Exception e) when (e is (HttpRequestException or IOException or OperationCanceledException) and not AgentOfflineException && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentOfflineException("The connection to the agent ended during a stream of rows.", e);
        }
    }

    private async Task<byte[]> ProjectAsync(string pathAndQuery, bool isOk, Stream body, CancellationToken cancellationToken)
    {
        var path = ResourcePath.Parse(pathAndQuery);
        if (isOk && path is { Kind: { } kind, Name: "" })
        {
            return await check.ListAsync(kind.Kind, kind.ApiVersion, body, MaxObjectsBytes, cancellationToken).ConfigureAwait(false);
        }

        var json = await BodyReader.ReadAsync(body, Projector.MaxObjectBytes, cancellationToken).ConfigureAwait(false);
        return check.Object(isOk && path.Kind is { } known ? known.Kind : RedactionSpecification.StatusKind, json);
    }

    /// <summary>From a header, or after a list from its trailer. A number of the agent's, so anything else is nothing.</summary>
    private static int? Withheld(HttpResponseMessage response)
    {
        var found = response.Headers.TryGetValues(TunnelRoutes.WithheldHeader, out var values) || response.TrailingHeaders.TryGetValues(TunnelRoutes.WithheldHeader, out values);
        return found && int.TryParse(values!.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;
    }

    private OperationResult Checked(OperationRequest operation, OperationResult answer)
    {
        var (result, withheld) = DiffCheck.Check(operation, answer);
        check.Count(operation.Target.Kind, withheld);
        return result;
    }

    /// <summary>
    /// The end of the connection is not part of it: a cut fails what runs by itself, while an agent that drains ends the connection
    /// right behind its last answer, which is still to be read.
    /// </summary>
    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CallLimit);
        return limit;
    }
}
