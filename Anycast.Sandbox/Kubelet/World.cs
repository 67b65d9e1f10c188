using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Anycast.Sandbox.Scenario;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Kubelet;

/// <summary>What a process from an image does: the rules by which kubelets decide, and nothing else about workloads.</summary>
internal sealed record ImageFacts
{
    /// <summary>Repository with registry: <c>docker.io/library/nginx</c>.</summary>
    public required string Repository { get; init; }

    public required IReadOnlySet<string> Tags { get; init; }

    /// <summary>What the process needs; a smaller limit gets it killed.</summary>
    public long MemoryBytes { get; init; }

    public long SizeBytes { get; init; }

    /// <summary>Ports it listens on.</summary>
    public IReadOnlySet<int> Ports { get; init; } = new HashSet<int>();

    /// <summary>HTTP paths that answer 200; others answer 404.</summary>
    public IReadOnlySet<string> Paths { get; init; } = new HashSet<string>();

    /// <summary>Commands an exec probe finds; others fail.</summary>
    public IReadOnlySet<string> Commands { get; init; } = new HashSet<string>();

    /// <summary>Environment variables without which it exits at once with code 1.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Seconds after which it ends by itself; null for a server.</summary>
    public double? ExitAfterSeconds { get; init; }

    public int ExitCode { get; init; }
}

/// <summary>The world outside the cluster: which registries answer, which images and tags they hold, how images behave.</summary>
internal sealed partial class World
{
    private readonly Dictionary<string, ImageFacts> _images = new(StringComparer.Ordinal);
    private readonly HashSet<string> _registries = new(StringComparer.Ordinal);

    public static World Load()
    {
        var world = new World();
        var table = (JsonObject)Manifests.Read("world.yaml")[0];
        world._registries.UnionWith(table.Strings("registries"));
        foreach (var image in table.Items("images"))
        {
            var facts = new ImageFacts
            {
                Repository = image.Str("name"),
                Tags = image.Strings("tags").ToHashSet(StringComparer.Ordinal),
                MemoryBytes = Quantity.Units(image.Str("memory")),
                SizeBytes = Quantity.Units(image.Str("size")),
                Ports = image.Strings("ports").Select(p => int.Parse(p, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet(),
                Paths = image.Strings("paths").ToHashSet(StringComparer.Ordinal),
                Commands = image.Strings("commands").ToHashSet(StringComparer.Ordinal),
                Requires = [.. image.Strings("requires")],
                ExitAfterSeconds = image.Number("exitAfter"),
                ExitCode = image.Int("exitCode"),
            };
            world._images[facts.Repository] = facts;
        }

        return world;
    }

    /// <summary>What an image is; or the error the container runtime gives.</summary>
    public (ImageFacts? Image, string? Error) Find(string reference)
    {
        var (repository, tag) = Split(reference);
        var full = $"{repository}:{tag}";
        if (_images.TryGetValue(repository, out var facts) && facts.Tags.Contains(tag))
        {
            return (facts, null);
        }

        var registry = repository[..repository.IndexOf('/', StringComparison.Ordinal)];
        var path = repository[(registry.Length + 1)..];
        var head = $"failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": ";
        if (!_registries.Contains(registry))
        {
            return (null, $"rpc error: code = Unknown desc = {head}failed to do request: Head \"https://{registry}/v2/{path}/manifests/{tag}\": dial tcp: lookup {registry} on 10.96.0.10:53: no such host");
        }

        return facts is null && registry == "docker.io"
            ? (null, $"rpc error: code = Unknown desc = {head}pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed")
            : (null, $"rpc error: code = NotFound desc = {head}{full}: not found");
    }

    public static bool IsReference(string reference) => Reference().IsMatch(reference);

    /// <summary>Repository and tag with Docker's defaults; a digest stands for the first tag known.</summary>
    private (string Repository, string Tag) Split(string reference)
    {
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        var name = at >= 0 ? reference[..at] : reference;
        var colon = name.LastIndexOf(':');
        var tag = "latest";
        if (colon > name.LastIndexOf('/'))
        {
            tag = name[(colon + 1)..];
            name = name[..colon];
        }

        var first = name.Split('/')[0];
        var hasRegistry = name.Contains('/', StringComparison.Ordinal) && (first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost");
        var repository = hasRegistry ? name : name.Contains('/', StringComparison.Ordinal) ? "docker.io/" + name : "docker.io/library/" + name;
        return (repository, at >= 0 && _images.TryGetValue(repository, out var facts) ? facts.Tags.First() : tag);
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?\z")]
    private static partial Regex Reference();
}
