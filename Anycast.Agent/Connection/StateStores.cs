using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Connection;

/// <summary>Where the agent keeps its few small files.</summary>
public interface IStateStore
{
    /// <summary>Where that is, for messages.</summary>
    string Description { get; }

    /// <summary>Looks at what is there now.</summary>
    Task LoadAsync(CancellationToken cancellationToken);

    /// <summary>A file's text, or null.</summary>
    string? Read(string file);

    Task WriteAsync(string file, string text, CancellationToken cancellationToken);
}

/// <summary>A directory; its files are readable by their owner alone.</summary>
public sealed class DirectoryStore(string directory) : IStateStore
{
    public string Description => directory;

    public Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public string? Read(string file) => Path.Combine(directory, file) is var path && File.Exists(path) ? File.ReadAllText(path) : null;

    public Task WriteAsync(string file, string text, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        var path = Path.Combine(directory, file);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(path + ".new", options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".new", path, overwrite: true);
        return Task.CompletedTask;
    }
}

/// <summary>
/// The agent's own Secret (<c>ANYCAST_CREDENTIAL_SECRET</c>, as the install manifest makes it), which is written by a patch of that one
/// Secret by name. The mounted files lag behind it by a minute or so: a replica that takes over just after the other had enrolled would
/// find no key in them. The answer to an empty patch holds what is there now; the files are for when it is refused.
/// </summary>
public sealed class SecretStore : IStateStore
{
    private const int MostBytes = 2 * 1024 * 1024;
    private readonly KubernetesApi api;
    private readonly DirectoryStore mounted;
    private readonly string path;
    private Dictionary<string, string>? loaded;

    /// <exception cref="AgentSetupException">The name is no <c>namespace/name</c>.</exception>
    public SecretStore(KubernetesApi api, string mountedDirectory, string secret)
    {
        this.api = api;
        mounted = new DirectoryStore(mountedDirectory);
        path = secret.Split('/') is [var ns, var name] && AccessPolicy.IsLabel(ns) && AccessPolicy.IsName(name)
            ? $"/api/v1/namespaces/{ns}/secrets/{name}"
            : throw new AgentSetupException("ANYCAST_CREDENTIAL_SECRET is no namespace/name.");
        Description = "the Secret " + secret;
    }

    public string Description { get; }

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await PatchAsync("{}", cancellationToken).ConfigureAwait(false);
            using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using var document = JsonDocument.Parse(await BodyReader.ReadAsync(body, MostBytes, cancellationToken).ConfigureAwait(false));
            var data = document.RootElement.At("data");
            loaded = data.ValueKind != JsonValueKind.Object ? [] : data.EnumerateObject().ToDictionary(p => p.Name, p => Encoding.UTF8.GetString(p.Value.GetBytesFromBase64()), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException or FormatException or ProjectionException)
        {
            loaded = null;
        }
    }

    public string? Read(string file) => loaded is null ? mounted.Read(file) : loaded.GetValueOrDefault(file);

    public async Task WriteAsync(string file, string text, CancellationToken cancellationToken)
    {
        var value = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        using var response = await PatchAsync($"{{\"data\":{{\"{JsonEncodedText.Encode(file)}\":\"{value}\"}}}}", cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="IOException">The Secret can't be patched.</exception>
    private async Task<HttpResponseMessage> PatchAsync(string json, CancellationToken cancellationToken)
    {
        using var content = new StringContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/merge-patch+json");
        try
        {
            var response = await api.SendAsync(HttpMethod.Patch, path + "?fieldManager=anycast-agent", content, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            response.Dispose();
            throw new IOException($"The API server refused ({(int)response.StatusCode}).");
        }
        catch (ApiUnavailableException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
