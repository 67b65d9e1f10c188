using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tunnel.Carrier;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Anycast.Core.Agents;

/// <summary>A token just made: its text is shown once and never again.</summary>
public sealed record NewEnrolmentToken(string Text, DateTimeOffset ExpiresAt);

/// <summary>A token that was made before and can still be used. Its text is known to whoever saw it then, and to nobody else.</summary>
/// <param name="MadeAt">When it was made.</param>
/// <param name="ExpiresAt">Until when it works.</param>
/// <param name="MadeBy">Name of who made it; null when the service did, or when the account is gone.</param>
public sealed record PendingToken(DateTimeOffset MadeAt, DateTimeOffset ExpiresAt, string? MadeBy);

/// <summary>An agent's key as its page shows it.</summary>
/// <param name="Agent">The key.</param>
/// <param name="Connection">Its tunnel, when it is this key's.</param>
/// <param name="EndsFrom">A newer key has taken its place: from then on it ends, once the newer one is connected.</param>
public sealed record AgentView(Agent Agent, AgentConnection? Connection, DateTimeOffset? EndsFrom);

/// <summary>Keys and tokens of a cluster's agents.</summary>
public sealed class AgentService(
    IDbContextFactory<AppDbContext> contexts,
    ClusterAccess access,
    AgentConnections connections,
    EnrolmentWatch watch,
    RateLimiter limiter,
    ActivityLog activity,
    IOptions<KeyRotationOptions> rotation,
    TimeProvider clock)
{
    /// <summary>Marks a text as an enrolment token, for people and for secret scanners.</summary>
    public const string TokenPrefix = "ace_";

    /// <summary>A new token for a cluster; earlier unused ones end. The text is shown once.</summary>
    public async Task<Outcome<NewEnrolmentToken>> CreateTokenAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersConnect, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (await limiter.TakeAsync(RateLimitTable.EnrolmentTokens, actor.UserId.ToString(), ct) is { } tooMany)
        {
            return tooMany;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var token = await InsertTokenAsync(db, clusterId, actor.UserId, ct);
        await activity.RecordAsync(db, actor, Event("agents.token", grant.Value), ct);
        await transaction.CommitAsync(ct);
        watch.Forget(clusterId);
        return token;
    }

    /// <summary>The cluster's token that can still be used; null when there is none. Looking ends nothing.</summary>
    public async Task<Outcome<PendingToken?>> PendingTokenAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersConnect, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.EnrolmentTokens.AsNoTracking().Where(t => t.ClusterId == clusterId && t.UsedAt == null && t.ExpiresAt > now).OrderByDescending(t => t.CreatedAt)
            .Select(t => new PendingToken(t.CreatedAt, t.ExpiresAt, db.Users.Where(u => u.Id == t.CreatedBy).Select(u => u.Name).FirstOrDefault())).FirstOrDefaultAsync(ct);
    }

    /// <summary>
    /// Makes the demo's cluster ready for a new sandbox: forgets the identity and the keys of the one before, and makes a token. For the service itself alone.
    /// </summary>
    /// <exception cref="InvalidOperationException">A person called it, or for another cluster.</exception>
    public async Task<NewEnrolmentToken> RenewDemoAsync(Actor system, Cluster cluster, CancellationToken ct)
    {
        if (system.Kind != ActorKind.System || !cluster.IsDemo)
        {
            throw new InvalidOperationException("Only the service makes tokens without a person, and only for the demo.");
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Agents.Where(a => a.ClusterId == cluster.Id).ExecuteDeleteAsync(ct);
        await db.EnrolmentTokens.Where(t => t.ClusterId == cluster.Id).ExecuteDeleteAsync(ct);
        await db.Clusters.Where(c => c.Id == cluster.Id).ExecuteUpdateAsync(s => s.SetProperty(c => c.ClusterUid, (string?)null), ct);
        var token = await InsertTokenAsync(db, cluster.Id, null, ct);
        await transaction.CommitAsync(ct);
        return token;
    }

    /// <summary>The cluster's keys, live ones first, with their connection.</summary>
    public async Task<Outcome<AgentView[]>> ListAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var rows = await db.Agents.AsNoTracking().Where(a => a.ClusterId == clusterId)
            .OrderBy(a => a.RevokedAt != null || a.QuarantinedAt != null).ThenByDescending(a => a.CreatedAt).Take(AgentLimits.ListedKeys).ToListAsync(ct);
        var live = connections.Find(clusterId);
        var newest = rows.Where(a => a.IsLive).MaxBy(a => a.CreatedAt);
        return rows.Select(a => new AgentView(a, live?.AgentId == a.Id ? live : null, a.IsLive && a.Id != newest?.Id ? newest?.CreatedAt + rotation.Value.OldKeyEndsAfter : null)).ToArray();
    }

    /// <summary>Ends a key. Its tunnel is cut at once here, and within <see cref="AgentLimits.Sweep"/> where another replica holds it.</summary>
    public async Task<Outcome> RevokeAsync(Actor actor, Guid teamId, Guid clusterId, Guid agentId, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        var now = clock.GetUtcNow();
        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var revoked = await db.Agents.Where(a => a.Id == agentId && a.ClusterId == clusterId && a.RevokedAt == null)
                .ExecuteUpdateAsync(s => s.SetProperty(a => a.RevokedAt, now), ct);
            if (revoked == 0)
            {
                return Failure.NotFound;
            }

            await activity.RecordAsync(db, actor, Event("agents.revoke", grant.Value), ct);
            await transaction.CommitAsync(ct);
        }

        connections.Cut(agentId, RefusalCodes.Revoked);
        return Outcome.Ok;
    }

    private async Task<NewEnrolmentToken> InsertTokenAsync(AppDbContext db, Guid clusterId, Guid? createdBy, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.EnrolmentTokens.Where(t => t.ClusterId == clusterId && t.UsedAt == null && t.ExpiresAt > now)
            .ExecuteUpdateAsync(s => s.SetProperty(t => t.ExpiresAt, now), ct);
        var text = TokenPrefix + Ids.Secret();
        var expires = now + AgentLimits.TokenLifetime;
        db.EnrolmentTokens.Add(new EnrolmentToken { Id = Ids.New(clock), ClusterId = clusterId, Hash = Ids.Hash(text), CreatedAt = now, ExpiresAt = expires, CreatedBy = createdBy });
        await db.SaveChangesAsync(ct);
        return new NewEnrolmentToken(text, expires);
    }

    private static ActivityEvent Event(string operation, ClusterGrant grant) =>
        new(operation, "cluster", grant.ClusterId.ToString(), grant.Cluster.Name, grant.TeamId);
}
