using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;

namespace Anycast.Agent.Connection;

/// <summary>Where the agent keeps its few small files.</summary>
public interface IStateStore
{
    /// <summary>Where that is, for messages.</summary>
    string Description { get; }

    /// <summary>A file's text, or null.</summary>
    string? Read(string file);

    Task WriteAsync(string file, string text, CancellationToken cancellationToken);
}

/// <summary>A directory; its files are readable by their owner alone.</summary>
public sealed class DirectoryStore(string directory) : IStateStore
{
    public string Description => directory;

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
/// The agent's own Secret (<c>ANYCAST_CREDENTIAL_SECRET</c>, as the install manifest makes it): read from its mounted files, written
/// by a patch of that one Secret by name. The answer, which holds the Secret, is not read.
/// </summary>
public sealed class SecretStore : IStateStore
{
    private readonly KubernetesApi api;
    private readonly DirectoryStore mounted;
    private readonly string path;

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

    public string? Read(string file) => mounted.Read(file);

    public async Task WriteAsync(string file, string text, CancellationToken cancellationToken)
    {
        var value = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        using var content = new StringContent($"{{\"data\":{{\"{JsonEncodedText.Encode(file)}\":\"{value}\"}}}}");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/merge-patch+json");
        try
        {
            using var response = await api.SendAsync(HttpMethod.Patch, path + "?fieldManager=anycast-agent", content, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw new IOException($"The API server refused ({(int)response.StatusCode}).");
            }
        }
        catch (ApiUnavailableException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
