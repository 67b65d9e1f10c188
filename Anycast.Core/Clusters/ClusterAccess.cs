using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Clusters;

/// <summary>What an actor may do with one cluster, as read from the database for this call.</summary>
public sealed record ClusterGrant(TeamGrant Team, Cluster Cluster, ClusterScope Scope)
{
    public Guid TeamId => Team.TeamId;

    public Guid ClusterId => Cluster.Id;

    /// <summary>Whether this actor may propose changes here: by role, and because the cluster is connected for it.</summary>
    public bool MayPropose => Team.Has(Permission.ProposalsPropose) && Cluster.Access == ClusterAccessKind.Propose;
}

/// <summary>The one gate to clusters. A cluster of another team answers like one that does not exist.</summary>
public sealed class ClusterAccess(IDbContextFactory<AppDbContext> contexts, TeamAccess teams)
{
    /// <summary>By the slugs of a URL.</summary>
    public async Task<Outcome<ClusterGrant>> AuthorizeAsync(Actor actor, string team, string cluster, string permission, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, team, permission, ct);
        return grant.IsOk ? await FindAsync(grant.Value, c => c.Slug == cluster, ct) : grant.Failure;
    }

    /// <summary>By ids.</summary>
    public async Task<Outcome<ClusterGrant>> AuthorizeAsync(Actor actor, Guid teamId, Guid clusterId, string permission, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, permission, ct);
        return grant.IsOk ? await FindAsync(grant.Value, c => c.Id == clusterId, ct) : grant.Failure;
    }

    private async Task<Outcome<ClusterGrant>> FindAsync(TeamGrant team, System.Linq.Expressions.Expression<Func<Cluster, bool>> which, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var cluster = await db.Clusters.AsNoTracking().Where(c => c.TeamId == team.TeamId).Where(which).SingleOrDefaultAsync(ct);
        return cluster is null ? Failure.NotFound : new ClusterGrant(team, cluster, ClusterScope.All);
    }
}
