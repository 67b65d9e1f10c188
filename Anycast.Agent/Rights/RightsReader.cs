using System.Net.Http.Headers;
using System.Text.Json;
using Anycast.Agent.Cluster;
using Anycast.Agent.OptIns;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rights;
using Anycast.Tunnel.Rows;

namespace Anycast.Agent.Rights;

/// <summary>
/// Asks the API server what the agent may do (SelfSubjectRulesReview, authorization.k8s.io/v1), in the whole cluster and in each
/// namespace, and keeps the answer for a few seconds: the service may ask as often as it likes, the API server is not asked more often.
/// </summary>
internal sealed class RightsReader(KubernetesApi api, OptInReader optIns, TimeProvider clock, ILogger logger) : IDisposable
{
    private const int MostNamespaces = RightsCheck.MostScopes - 1;
    private const int AtOnce = 4;
    private const int MaxAnswer = 1024 * 1024;
    private const string ReviewPath = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim gate = new(1);
    private RightsReport? last;
    private long readAt;

    /// <summary>The rights now, at most five seconds old.</summary>
    /// <exception cref="ApiUnavailableException">The API server can't be reached.</exception>
    public async Task<RightsReport> ReadAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (last is null || clock.GetElapsedTime(readAt) > Kept)
            {
                var report = await AskAsync(cancellationToken).ConfigureAwait(false);
                last = RightsCheck.Clean(report with { OptIns = await optIns.ReadAsync(cancellationToken).ConfigureAwait(false) });
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

    private async Task<RightsReport> AskAsync(CancellationToken cancellationToken)
    {
        // A review must name a namespace. In one that does not exist no RoleBinding holds: what remains holds everywhere.
        var everywhere = await ReviewAsync($"anycast-none-{Guid.NewGuid():n}", cancellationToken).ConfigureAwait(false);
        if (everywhere is null)
        {
            return new RightsReport(false, []);
        }

        var (namespaces, complete) = await NamespacesAsync(cancellationToken).ConfigureAwait(false);
        complete &= everywhere.Value.Complete;
        var known = everywhere.Value.Rules.Select(Key).ToHashSet(StringComparer.Ordinal);
        var scopes = new List<ScopedRules> { new("", everywhere.Value.Rules) };
        foreach (var few in namespaces.Chunk(AtOnce))
        {
            var reviews = await Task.WhenAll(few.Select(ns => ReviewAsync(ns, cancellationToken))).ConfigureAwait(false);
            for (var i = 0; i < few.Length; i++)
            {
                complete &= reviews[i]?.Complete == true;
                var own = reviews[i]?.Rules.Where(r => !known.Contains(Key(r))).ToList();
                if (own is { Count: > 0 })
                {
                    scopes.Add(new ScopedRules(few[i], own));
                }
            }
        }

        return new RightsReport(complete, scopes);
    }

    private async Task<(IReadOnlyList<string> Names, bool Complete)> NamespacesAsync(CancellationToken cancellationToken)
    {
        using var response = await api.SendAsync(HttpMethod.Get, $"/api/v1/namespaces?limit={MostNamespaces}", null, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            return ([], false);
        }

        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var list = new JsonListReader(body);
        var names = new List<string>();
        while (await list.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            using var ns = JsonDocument.Parse(item);
            if (names.Count < MostNamespaces && ns.RootElement.At("metadata").At("name").Text() is { Length: > 0 } name)
            {
                names.Add(name);
            }
        }

        using var metadata = JsonDocument.Parse(list.Metadata ?? "{}"u8.ToArray());
        return (names, metadata.RootElement.At("continue").Text().Length == 0);
    }

    private async Task<(IReadOnlyList<RoleRule> Rules, bool Complete)?> ReviewAsync(string ns, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(RightsReview.Request(ns));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await api.SendAsync(HttpMethod.Post, ReviewPath, content, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            logger.LogWarning("The API server does not say what the agent may do ({Code})", (int)response.StatusCode);
            return null;
        }

        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return RightsReview.Read(await BodyReader.ReadAsync(body, MaxAnswer, cancellationToken).ConfigureAwait(false));
    }

    private static string Key(RoleRule rule) =>
        string.Join('|', new[] { rule.Groups, rule.Resources, rule.Verbs, rule.Names, rule.NonResourceUrls }.Select(words => string.Join(',', words.Order(StringComparer.Ordinal))));
}
