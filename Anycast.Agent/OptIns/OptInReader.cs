using System.Globalization;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.OptIns;

/// <summary>
/// Reads the customer's <c>AgentOptIn</c> object from the cluster, at most two seconds old. The one source of opt-ins: the service has no
/// message that could make one, and what can't be read, is malformed, expired or too long is not in force.
/// </summary>
internal sealed class OptInReader(KubernetesApi api, string ns, TimeProvider clock, ILogger logger) : IDisposable
{
    private const int MaxAnswer = 256 * 1024;
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(2);
    private readonly string path = $"/apis/{OptInObject.Group}/{OptInObject.Version}/namespaces/{ns}/{OptInObject.Plural}/{OptInObject.Name}";
    private readonly SemaphoreSlim gate = new(1);
    private IReadOnlyList<OptIn> last = [];
    private long? readAt;

    /// <summary>Whether an opt-in holds now for a namespace.</summary>
    public async Task<bool> AllowsAsync(OptInKind kind, string target, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return (await ReadAsync(cancellationToken).ConfigureAwait(false)).Any(o => o.Kind == kind && o.IsInForce(now) && o.Namespaces.Contains(target, StringComparer.Ordinal));
    }

    /// <summary>All that the object holds and that is well formed, the expired ones too.</summary>
    public async Task<IReadOnlyList<OptIn>> ReadAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (readAt is not { } at || clock.GetElapsedTime(at) > Kept)
            {
                last = await AskAsync(cancellationToken).ConfigureAwait(false);
                readAt = clock.GetTimestamp();
            }

            return last;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task<IReadOnlyList<OptIn>> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await api.SendAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return [];
            }

            using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return Parse(await BodyReader.ReadAsync(body, MaxAnswer, cancellationToken).ConfigureAwait(false), clock.GetUtcNow());
        }
        catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or JsonException or ProjectionException)
        {
            logger.LogWarning("The opt-ins can't be read ({Error}); none is in force", e.GetType().Name);
            return [];
        }
    }

    /// <exception cref="JsonException">It is no JSON.</exception>
    internal static IReadOnlyList<OptIn> Parse(byte[] json, DateTimeOffset now)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.At("kind").Text() != "AgentOptIn" || root.At("metadata").At("deletionTimestamp").Exists())
        {
            return [];
        }

        return [.. Enum.GetValues<OptInKind>().Select(kind => Part(kind, root.At("spec").At(OptInObject.Field(kind)), now)).OfType<OptIn>()];
    }

    private static OptIn? Part(OptInKind kind, JsonElement part, DateTimeOffset now)
    {
        if (part.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var namespaces = part.At("namespaces").Items().Select(n => n.Text()).ToList();
        var timed = DateTimeOffset.TryParse(part.At("expiresAt").Text(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var expiresAt);

        // One wrong name, and the whole part does not hold: what a customer mistyped must not be half in force.
        var whole = namespaces.Count is > 0 and <= OptInObject.MostNamespaces && namespaces.TrueForAll(AccessPolicy.IsLabel);
        return timed && whole && expiresAt - now <= OptInObject.Longest ? new OptIn(kind, namespaces, expiresAt) : null;
    }
}
