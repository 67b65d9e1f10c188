using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Tunnel.Carrier;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Agents;

/// <summary>Which agent of which cluster was let in.</summary>
public sealed record AgentAdmitted(Guid AgentId, Guid ClusterId, Guid TeamId, string ClusterName);

/// <summary>Decides who may connect as which cluster (T8).</summary>
public sealed class AgentAdmission(
    IDbContextFactory<AppDbContext> contexts, RateLimiter limiter, ConnectGate gate, EnrolmentWatch watch, ClusterAlerts alerts, TimeProvider clock, ILogger<AgentAdmission> log)
{
    /// <summary>Lets an agent in by its known key, or enrols it by a token; else the refusal's code (<see cref="RefusalCodes"/>).</summary>
    /// <param name="agent">What it says of itself.</param>
    /// <param name="proofOk">It has shown that it holds the private half of its key.</param>
    /// <param name="ip">Where it dials from.</param>
    /// <param name="ct">Ends waiting.</param>
    public async Task<(AgentAdmitted? Admitted, string? Refusal)> DecideAsync(AgentHello agent, bool proofOk, string? ip, CancellationToken ct)
    {
        if (!proofOk || agent.PublicKey.Length > AgentLimits.PublicKeyLength || agent.ClusterUid.Length is 0 or > 64)
        {
            await NoteAsync(agent.Token, RefusalCodes.ProofFailed, ct);
            return (null, RefusalCodes.ProofFailed);
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var known = await db.Agents.AsNoTracking().SingleOrDefaultAsync(a => a.PublicKey == agent.PublicKey, ct);
        var decision = known is not null ? await DecideKnownAsync(db, known, agent, ct)
            : string.IsNullOrEmpty(agent.Token) ? (null, RefusalCodes.Revoked)
            : await EnrolAsync(db, agent, ip, ct);
        if (decision.Refusal is { } refusal)
        {
            log.Log(refusal == RefusalCodes.Busy ? LogLevel.Information : LogLevel.Warning, "An agent was refused: {Refusal}", refusal);
        }

        return decision;
    }

    /// <summary>
    /// Tells whoever waits for the bearer of a token why it was refused before anything was decided on it. A token is the only thing that ties
    /// such an agent to a cluster: what it says of itself without one proves nothing, and could put words on a page of others.
    /// </summary>
    public async Task NoteAsync(string? token, string code, CancellationToken ct)
    {
        if (token is not { Length: > 0 and <= AgentLimits.TokenLength })
        {
            return;
        }

        var hash = Ids.Hash(token);
        await using var db = await contexts.CreateDbContextAsync(ct);
        var cluster = await db.EnrolmentTokens.Where(t => t.Hash == hash).Select(t => (Guid?)t.ClusterId).SingleOrDefaultAsync(ct);
        if (cluster is { } id)
        {
            watch.Report(id, code, clock.GetUtcNow());
        }
    }

    /// <summary>The key is known and was proved: what is refused to it concerns its cluster.</summary>
    private (AgentAdmitted? Admitted, string? Refusal) Refuse(Guid clusterId, string code)
    {
        watch.Report(clusterId, code, clock.GetUtcNow());
        return (null, code);
    }

    private async Task<(AgentAdmitted? Admitted, string? Refusal)> DecideKnownAsync(AppDbContext db, Agent known, AgentHello agent, CancellationToken ct)
    {
        // The same key may show its used token again, for when the first verdict was lost on the way.
        if (agent.AgentId is { } id && id != known.Id.ToString())
        {
            return Refuse(known.ClusterId, RefusalCodes.ProofFailed);
        }

        if (known.RevokedAt is not null)
        {
            return Refuse(known.ClusterId, RefusalCodes.Revoked);
        }

        if (known.QuarantinedAt is not null)
        {
            return Refuse(known.ClusterId, RefusalCodes.Quarantined);
        }

        var cluster = await db.Clusters.AsNoTracking().SingleAsync(c => c.Id == known.ClusterId, ct);
        if (cluster.ClusterUid != agent.ClusterUid)
        {
            var at = clock.GetUtcNow();
            if (await alerts.QuarantineAsync(cluster, known.Id, at, ct))
            {
                log.LogError("The key of agent {Agent} was presented from another cluster; it is quarantined", known.Id);
            }

            return Refuse(cluster.Id, RefusalCodes.Quarantined);
        }

        if (!gate.TryPass())
        {
            return Refuse(cluster.Id, RefusalCodes.Busy);
        }

        await StampAsync(db, known.Id, cluster.Id, agent, ct);
        await gate.TakeTurnAsync(ct);
        watch.Forget(cluster.Id);
        return (new AgentAdmitted(known.Id, cluster.Id, cluster.TeamId, cluster.Name), null);
    }

    private async Task<(AgentAdmitted? Admitted, string? Refusal)> EnrolAsync(AppDbContext db, AgentHello agent, string? ip, CancellationToken ct)
    {
        var hash = Ids.Hash(agent.Token!);
        var now = clock.GetUtcNow();
        var token = await db.EnrolmentTokens.AsNoTracking().SingleOrDefaultAsync(t => t.Hash == hash, ct);
        var refusal = token is null ? RefusalCodes.TokenInvalid
            : token.UsedAt is not null ? RefusalCodes.TokenUsed
            : token.ExpiresAt <= now ? token.WasReplaced ? RefusalCodes.TokenReplaced : RefusalCodes.TokenExpired
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
        return await limiter.TakeAsync(RateLimitTable.Enrolment, RateLimiter.Network(ip), ct) is null ? (null, refusal) : (null, RefusalCodes.Busy);
    }

    private async Task<(AgentAdmitted? Admitted, string? Refusal)> UseTokenAsync(AppDbContext db, EnrolmentToken token, AgentHello agent, DateTimeOffset now, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);

        // One conditional UPDATE: of two that present the token at once, one wins.
        var taken = await db.EnrolmentTokens.Where(t => t.Id == token.Id && t.UsedAt == null && t.ExpiresAt > now)
            .ExecuteUpdateAsync(s => s.SetProperty(t => t.UsedAt, now), ct);
        if (taken == 0)
        {
            return Refuse(token.ClusterId, RefusalCodes.TokenUsed);
        }

        var cluster = await db.Clusters.AsNoTracking().SingleAsync(c => c.Id == token.ClusterId, ct);
        var bound = await db.Clusters.Where(c => c.Id == token.ClusterId && (c.ClusterUid == null || c.ClusterUid == agent.ClusterUid))
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.ClusterUid, agent.ClusterUid), ct);
        if (bound == 0)
        {
            return Refuse(cluster.Id, RefusalCodes.ClusterMismatch);
        }

        var row = new Agent { Id = Ids.New(clock), ClusterId = cluster.Id, PublicKey = agent.PublicKey, CreatedAt = now };
        db.Agents.Add(row);
        await db.SaveChangesAsync(ct);
        await RevokeSurplusAsync(db, cluster.Id, now, ct);
        await StampAsync(db, row.Id, cluster.Id, agent, ct);
        await transaction.CommitAsync(ct);
        watch.Forget(cluster.Id);
        log.LogInformation("Agent {Agent} was enrolled for cluster {Cluster}", row.Id, cluster.Id);
        return (new AgentAdmitted(row.Id, cluster.Id, cluster.TeamId, cluster.Name), null);
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

    private async Task StampAsync(AppDbContext db, Guid agentId, Guid clusterId, AgentHello agent, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.Agents.Where(a => a.Id == agentId).ExecuteUpdateAsync(
            s => s.SetProperty(a => a.LastSeenAt, now)
                .SetProperty(a => a.Connects, a => a.Connects + 1)
                .SetProperty(a => a.Version, Cut(agent.Version))
                .SetProperty(a => a.SpecVersion, Cut(agent.SpecificationVersion.ToString(System.Globalization.CultureInfo.InvariantCulture))),
            ct);
        await db.Clusters.Where(c => c.Id == clusterId).ExecuteUpdateAsync(s => s.SetProperty(c => c.KubernetesVersion, Cut(agent.KubernetesVersion)), ct);
    }

    private static string Cut(string text) => text.Length <= 40 ? text : text[..40];
}
