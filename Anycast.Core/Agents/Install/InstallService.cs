using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Agents.Install;

/// <summary>The agent's image. Section <c>Anycast:Agent</c>.</summary>
public sealed class InstallOptions
{
    public const string Section = "Anycast:Agent";

    /// <summary>Reference of the agent's image by digest (<c>registry/agent@sha256:…</c>); empty: no manifest is offered, and the connect page says so.</summary>
    public string Image { get; set; } = "";

    /// <summary>Whether manifests can be handed out.</summary>
    public bool IsAvailable => Image.Length > 0;

    /// <summary>A tag can be moved to another image, a digest cannot (T9).</summary>
    internal bool IsAcceptable => Image.Length == 0 || System.Text.RegularExpressions.Regex.IsMatch(Image, "^[a-z0-9./:_-]+@sha256:[0-9a-f]{64}$");
}

/// <summary>Hands out the manifest that connects a cluster, for the bearer of a live enrolment token.</summary>
public sealed class InstallService(IDbContextFactory<AppDbContext> contexts, RateLimiter limiter, IOptions<InstallOptions> options, TimeProvider clock)
{
    /// <summary>
    /// The manifest for the cluster a token belongs to. Reading uses nothing up: the token is used when the agent enrols, and from then on, or
    /// after its 15 minutes, the address answers as if it had never been.
    /// </summary>
    public async Task<Outcome<string>> ManifestAsync(string token, Uri server, WayOut way, string? ip, CancellationToken ct)
    {
        if (!options.Value.IsAvailable || token.Length > AgentLimits.TokenLength)
        {
            return Failure.NotFound;
        }

        var hash = Ids.Hash(token);
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var access = await db.EnrolmentTokens.Where(t => t.Hash == hash && t.UsedAt == null && t.ExpiresAt > now)
            .Join(db.Clusters, t => t.ClusterId, c => c.Id, (_, c) => (ClusterAccessKind?)c.Access).SingleOrDefaultAsync(ct);
        if (access is null)
        {
            // Only failures count: whoever guesses runs into the limit.
            return await limiter.TakeAsync(RateLimitTable.Enrolment, RateLimiter.Network(ip), ct) ?? Failure.NotFound;
        }

        return InstallManifest.Render(new InstallValues(server, token, options.Value.Image, access == ClusterAccessKind.Propose, way));
    }
}
