using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Agents;

/// <summary>What an agent presents; that it holds the private half of <paramref name="PublicKey"/> has been proven by a signed challenge.</summary>
/// <param name="PublicKey">Public key (SubjectPublicKeyInfo, base64).</param>
/// <param name="Token">Enrolment token, when it has one.</param>
/// <param name="ClusterUid">UID of the namespace kube-system.</param>
/// <param name="KubernetesVersion">Version of the API server.</param>
/// <param name="Version">Version of the agent.</param>
/// <param name="SpecVersion">Version of its projection.</param>
/// <param name="Ip">Where it dials from.</param>
public sealed record AgentPresentation(string PublicKey, string? Token, string ClusterUid, string KubernetesVersion, string Version, string SpecVersion, string? Ip);

/// <summary>The answer: an agent of a cluster, or a code of <see cref="AgentRefusals"/>.</summary>
public sealed record AgentAdmitted(Guid AgentId, Guid ClusterId, Guid TeamId);

/// <summary>Decides who may connect as which cluster (T8).</summary>
public sealed class AgentAdmission(
    IDbContextFactory<AppDbContext> contexts, RateLimiter limiter, EnrolmentWatch watch, TimeProvider clock, ILogger<AgentAdmission> log)
{
    /// <summary>Lets an agent in by its known key, or enrols it by a token; else the refusal's code.</summary>
    public async Task<(AgentAdmitted? Admitted, string? Refusal)> DecideAsync(AgentPresentation agent, CancellationToken ct)
    {
        if (agent.PublicKey.Length > AgentLimits.PublicKeyLength || agent.ClusterUid.Length is 0 or > 64)
        {
            return (null, AgentRefusals.ProofFailed);
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var known = await db.Agents.AsNoTracking().SingleOrDefaultAsync(a => a.PublicKey == agent.PublicKey, ct);
        var decision = known is not null ? await DecideKnownAsync(db, known, agent, ct)
            : string.IsNullOrEmpty(agent.Token) ? (null, AgentRefusals.Revoked)
            : await EnrolAsync(db, agent, ct);
        if (decision.Refusal is { } refusal)
        {
            log.LogWarning("An agent was refused: {Refusal}", refusal);
        }

        return decision;
    }

    private async Task<(AgentAdmitted? Admitted, string? Refusal)> DecideKnownAsync(AppDbContext db, Agent known, AgentPresentation agent, CancellationToken ct)
    {
        if (known.RevokedAt is not null)
        {
            return (null, AgentRefusals.Revoked);
        }

        if (known.QuarantinedAt is not null)
        {
            return (null, AgentRefusals.Quarantined);
        }

        var cluster = await db.Clusters.AsNoTracking().SingleAsync(c => c.Id == known.ClusterId, ct);
        if (cluster.ClusterUid != agent.ClusterUid)
        {
            var at = clock.GetUtcNow();
            await db.Agents.Where(a => a.Id == known.Id).ExecuteUpdateAsync(s => s.SetProperty(a => a.QuarantinedAt, at), ct);
            log.LogError("The key of agent {Agent} was presented from another cluster; it is quarantined", known.Id);
            watch.Report(cluster.Id, AgentRefusals.Quarantined, at);
            return (null, AgentRefusals.Quarantined);
        }

        await StampAsync(db, known.Id, cluster.Id, agent, ct);
        return (new AgentAdmitted(known.Id, cluster.Id, cluster.TeamId), null);
    }

    private async Task<(AgentAdmitted? Admitted, string? Refusal)> EnrolAsync(AppDbContext db, AgentPresentation agent, CancellationToken ct)
    {
        var hash = Ids.Hash(agent.Token!);
        var now = clock.GetUtcNow();
        var token = await db.EnrolmentTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash, ct);
        var refusal = token is null ? AgentRefusals.TokenInvalid
            : token.UsedAt is not null ? AgentRefusals.TokenUsed
            : token.ExpiresAt <= now ? AgentRefusals.TokenExpired
            : null;
        if (refusal is null)
        {
            return await UseTokenAsync(db, token!, agent, now, ct);
        }

        if (token is not null)
        {
            watch.Report(token.ClusterId, refusal, now);
        }

        // Only failures count: whoever guesses runs into the limit, a fleet that enrols does not.
        return await limiter.TakeAsync(RateLimitTable.Enrolment, RateLimiter.Network(agent.Ip), ct) is null ? (null, refusal) : (null, AgentRefusals.TooMany);
    }

    private async Task<(AgentAdmitted? Admitted, string? Refusal)> UseTokenAsync(AppDbContext db, EnrolmentToken token, AgentPresentation agent, DateTimeOffset now, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);

        // One conditional UPDATE: of two that present the token at once, one wins.
        var taken = await db.EnrolmentTokens.Where(t => t.Id == token.Id && t.UsedAt == null && t.ExpiresAt > now)
            .ExecuteUpdateAsync(s => s.SetProperty(t => t.UsedAt, now), ct);
        if (taken == 0)
        {
            return (null, AgentRefusals.TokenUsed);
        }

        var cluster = await db.Clusters.AsNoTracking().SingleAsync(c => c.Id == token.ClusterId, ct);
        var bound = await db.Clusters.Where(c => c.Id == token.ClusterId && (c.ClusterUid == null || c.ClusterUid == agent.ClusterUid))
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.ClusterUid, agent.ClusterUid), ct);
        if (bound == 0)
        {
            watch.Report(cluster.Id, AgentRefusals.ClusterMismatch, now);
            return (null, AgentRefusals.ClusterMismatch);
        }

        var row = new Agent { Id = Ids.New(clock), ClusterId = cluster.Id, PublicKey = agent.PublicKey, CreatedAt = now };
        db.Agents.Add(row);
        await db.SaveChangesAsync(ct);
        await RevokeSurplusAsync(db, cluster.Id, now, ct);
        await StampAsync(db, row.Id, cluster.Id, agent, ct);
        await transaction.CommitAsync(ct);
        log.LogInformation("Agent {Agent} was enrolled for cluster {Cluster}", row.Id, cluster.Id);
        return (new AgentAdmitted(row.Id, cluster.Id, cluster.TeamId), null);
    }

    /// <summary>Of live keys the newest two stay.</summary>
    private static async Task RevokeSurplusAsync(AppDbContext db, Guid clusterId, DateTimeOffset now, CancellationToken ct)
    {
        var surplus = await db.Agents.Where(a => a.ClusterId == clusterId && a.RevokedAt == null && a.QuarantinedAt == null)
            .OrderByDescending(a => a.CreatedAt).ThenByDescending(a => a.Id).Skip(AgentLimits.LiveKeys).Select(a => a.Id).ToListAsync(ct);
        if (surplus.Count > 0)
        {
            await db.Agents.Where(a => surplus.Contains(a.Id)).ExecuteUpdateAsync(s => s.SetProperty(a => a.RevokedAt, now), ct);
        }
    }

    private async Task StampAsync(AppDbContext db, Guid agentId, Guid clusterId, AgentPresentation agent, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.Agents.Where(a => a.Id == agentId).ExecuteUpdateAsync(
            s => s.SetProperty(a => a.LastSeenAt, now)
                .SetProperty(a => a.Connects, a => a.Connects + 1)
                .SetProperty(a => a.Version, Cut(agent.Version))
                .SetProperty(a => a.SpecVersion, Cut(agent.SpecVersion)),
            ct);
        await db.Clusters.Where(c => c.Id == clusterId).ExecuteUpdateAsync(s => s.SetProperty(c => c.KubernetesVersion, Cut(agent.KubernetesVersion)), ct);
    }

    private static string Cut(string text) => text.Length <= 40 ? text : text[..40];
}
