using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Anycast.Agent.Connection;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Cluster;

/// <summary>
/// The API server. Single objects, other calls and watches have connections of their own, since what shares a connection with large
/// answers arrives late. No redirects: an answer can't send the agent elsewhere.
/// </summary>
public sealed class KubernetesApi : IDisposable
{
    /// <summary>How long a call may take until its headers arrive.</summary>
    public static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    private static readonly MediaTypeWithQualityHeaderValue Json = new("application/json");
    private static readonly MediaTypeWithQualityHeaderValue MetadataList = Metadata("PartialObjectMetadataList");
    private static readonly MediaTypeWithQualityHeaderValue MetadataEvents = Metadata("PartialObjectMetadata");
    private readonly ClusterAccess access;
    private readonly TimeProvider clock;
    private readonly HttpMessageInvoker objects;
    private readonly HttpMessageInvoker calls;
    private readonly HttpMessageInvoker watches;
    private long silentSince;

    public KubernetesApi(ClusterAccess access, TimeProvider clock)
    {
        this.access = access;
        this.clock = clock;
        objects = new HttpMessageInvoker(Handler(access));
        calls = new HttpMessageInvoker(Handler(access));
        watches = new HttpMessageInvoker(Handler(access));
    }

    /// <summary>Since when no call got an answer, but failures of the way or of the server; null while the last one did.</summary>
    public DateTimeOffset? SilentSince => Volatile.Read(ref silentSince) is var ticks && ticks > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Sends one call; the answer's body is read by the caller. Never throws for a status code.</summary>
    /// <param name="path">Path and query, built by the agent.</param>
    /// <exception cref="ApiUnavailableException">The API server can't be reached or is too slow.</exception>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken) =>
        SendAsync(calls, method, path, content, Json, HttpVersion.Version11, cancellationToken);

    /// <summary>Gets one object; many at once share a connection.</summary>
    /// <exception cref="ApiUnavailableException">The API server can't be reached or is too slow.</exception>
    public Task<HttpResponseMessage> GetObjectAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(objects, HttpMethod.Get, path, null, Json, HttpVersion.Version20, cancellationToken);

    /// <summary>Opens a watch.</summary>
    /// <exception cref="ApiUnavailableException">The API server can't be reached or is too slow.</exception>
    public Task<HttpResponseMessage> WatchAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(watches, HttpMethod.Get, path, null, Json, HttpVersion.Version20, cancellationToken);

    /// <summary>Lists or watches the metadata of objects, and accepts no other form of them: a server that has none says so and sends nothing.</summary>
    /// <exception cref="ApiUnavailableException">The API server can't be reached or is too slow.</exception>
    public Task<HttpResponseMessage> MetadataAsync(string path, bool watch, CancellationToken cancellationToken) => watch
        ? SendAsync(watches, HttpMethod.Get, path, null, MetadataEvents, HttpVersion.Version20, cancellationToken)
        : SendAsync(calls, HttpMethod.Get, path, null, MetadataList, HttpVersion.Version11, cancellationToken);

    /// <summary>The cluster's identity and version.</summary>
    /// <exception cref="ApiUnavailableException">They can't be read; the code says why.</exception>
    public async Task<(string ClusterUid, string Version)> IdentityAsync(CancellationToken cancellationToken)
    {
        using var ns = await SendAsync(HttpMethod.Get, "/api/v1/namespaces/kube-system", null, cancellationToken).ConfigureAwait(false);
        if (!ns.IsSuccessStatusCode)
        {
            throw new ApiUnavailableException($"The API server refused to name the cluster ({(int)ns.StatusCode} for the namespace kube-system). Check the agent's role.");
        }

        using var nsJson = await DocumentAsync(ns, cancellationToken).ConfigureAwait(false);
        using var version = await SendAsync(HttpMethod.Get, "/version", null, cancellationToken).ConfigureAwait(false);
        using var versionJson = version.IsSuccessStatusCode ? await DocumentAsync(version, cancellationToken).ConfigureAwait(false) : null;
        var uid = nsJson.RootElement.GetProperty("metadata").GetProperty("uid").GetString() ?? "";
        var word = versionJson?.RootElement.TryGetProperty("gitVersion", out var git) == true ? git.GetString() ?? "" : "";
        return (uid, word.Length <= 64 ? word : word[..64]);
    }

    public void Dispose()
    {
        objects.Dispose();
        calls.Dispose();
        watches.Dispose();
    }

    private static async Task<JsonDocument> DocumentAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return JsonDocument.Parse(await BodyReader.ReadAsync(body, 1024 * 1024, cancellationToken).ConfigureAwait(false));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker invoker, HttpMethod method, string path, HttpContent? content, MediaTypeWithQualityHeaderValue accept, Version version, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CallLimit);
        using var request = new HttpRequestMessage(method, new Uri(access.Server, path)) { Content = content, Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.Accept.Add(accept);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("anycast-agent", AgentVersion.Current));
        try
        {
            if (await access.TokenAsync(limit.Token).ConfigureAwait(false) is { } token)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            var response = await invoker.SendAsync(request, limit.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.Unauthorized)
            {
                access.Refused();
            }

            Answered(response.StatusCode < HttpStatusCode.InternalServerError);
            return response;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            Answered(false);
            throw new ApiUnavailableException("The API server did not answer in time.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            Answered(false);
            throw new ApiUnavailableException($"The API server can't be reached ({(e as HttpRequestException)?.HttpRequestError.ToString() ?? e.GetType().Name}).", e);
        }
    }

    private void Answered(bool well)
    {
        if (well)
        {
            Volatile.Write(ref silentSince, 0);
        }
        else
        {
            // The first failure of a row of them stays.
            Interlocked.CompareExchange(ref silentSince, clock.GetUtcNow().UtcTicks, 0);
        }
    }

    private static MediaTypeWithQualityHeaderValue Metadata(string form) => MediaTypeWithQualityHeaderValue.Parse($"application/json;as={form};g=meta.k8s.io;v=v1");

    private static SocketsHttpHandler Handler(ClusterAccess access) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = !access.IsInCluster && !access.Server.IsLoopback,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ResponseDrainTimeout = TimeSpan.Zero,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        EnableMultipleHttp2Connections = true,
        InitialHttp2StreamWindowSize = 1024 * 1024,

        // A shared connection whose other end is gone without a word would else take every call with it, for as long as TCP hopes.
        KeepAlivePingDelay = TimeSpan.FromSeconds(5),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ActivityHeadersPropagator = null,
        SslOptions = Trust.Options(access.Authorities, access.ClientCertificate, access.ServerName),
    };
}

/// <summary>The API server could not be reached. The message holds no part of an answer.</summary>
public sealed class ApiUnavailableException : Exception
{
    public ApiUnavailableException()
    {
    }

    public ApiUnavailableException(string message)
        : base(message)
    {
    }

    public ApiUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
