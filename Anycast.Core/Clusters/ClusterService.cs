using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Links;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Clusters;

/// <summary>A team's clusters: list, add, rename, remove.</summary>
public sealed class ClusterService(
    IDbContextFactory<AppDbContext> contexts,
    TeamAccess teams,
    ClusterAccess access,
    StepUpService stepUp,
    ClusterCaches caches,
    ClusterLinks links,
    ActivityLog activity,
    TimeProvider clock)
{
    /// <summary>Slug of the demo cluster.</summary>
    public const string DemoSlug = "sandbox";

    /// <summary>All clusters of a team by name; at most <see cref="ClusterLimits.PerTeam"/>.</summary>
    public async Task<Outcome<Cluster[]>> ListAsync(Actor actor, string team, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, team, Permission.ClustersView, ct);
        return grant.IsOk ? await ListAsync(grant.Value.TeamId, ct) : grant.Failure;
    }

    /// <inheritdoc cref="ListAsync(Actor, string, CancellationToken)"/>
    public async Task<Outcome<Cluster[]>> ListAsync(Actor actor, Guid teamId, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.ClustersView, ct);
        return grant.IsOk ? await ListAsync(grant.Value.TeamId, ct) : grant.Failure;
    }

    /// <summary>One cluster by the slugs of a URL.</summary>
    public Task<Outcome<ClusterGrant>> GetAsync(Actor actor, string team, string cluster, CancellationToken ct) =>
        access.AuthorizeAsync(actor, team, cluster, Permission.ClustersView, ct);

    /// <summary>One cluster by ids.</summary>
    public Task<Outcome<ClusterGrant>> GetAsync(Actor actor, Guid teamId, Guid clusterId, CancellationToken ct) =>
        access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);

    /// <summary>Adds a cluster; an agent is enrolled for it afterwards.</summary>
    public async Task<Outcome<Cluster>> CreateAsync(Actor actor, string team, string name, ClusterAccessKind accessKind, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, team, Permission.ClustersConnect, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (CheckName(name) is { } invalid)
        {
            return invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var slugs = await db.Clusters.Where(c => c.TeamId == grant.Value.TeamId).Select(c => c.Slug).ToListAsync(ct);
        if (slugs.Count >= ClusterLimits.PerTeam)
        {
            return new Failure(FailureKind.TooMany, "clusters.too_many", ClusterLimits.PerTeam);
        }

        var cluster = new Cluster
        {
            Id = Ids.New(clock),
            TeamId = grant.Value.TeamId,
            Slug = FreeSlug(Ids.Slug(name, "cluster"), slugs),
            Name = name.Trim(),
            Access = accessKind,
            CreatedAt = clock.GetUtcNow(),
        };
        db.Clusters.Add(cluster);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException)
        {
            return new Failure(FailureKind.Conflict, "clusters.name_taken", name);
        }

        await activity.RecordAsync(db, actor, Event("clusters.create", cluster), ct);
        await transaction.CommitAsync(ct);
        return cluster;
    }

    /// <summary>Changes the name that people see; the slug stays, so that links hold.</summary>
    public async Task<Outcome> RenameAsync(Actor actor, Guid teamId, Guid clusterId, string name, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (CheckName(name) is { } invalid)
        {
            return invalid;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Clusters.FirstOrDefaultAsync(c => c.Id == clusterId, ct) is not { } cluster)
        {
            return Failure.NotFound;
        }

        cluster.Name = name.Trim();
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException)
        {
            return new Failure(FailureKind.Conflict, "clusters.name_taken", name);
        }

        await activity.RecordAsync(db, actor, Event("clusters.rename", grant.Value.Cluster), ct);
        await transaction.CommitAsync(ct);
        return Outcome.Ok;
    }

    /// <summary>Removes a cluster with its agents. Its tunnel is cut, open pages of it are told. <paramref name="typedName"/> must repeat its name.</summary>
    public async Task<Outcome> RemoveAsync(Actor actor, Guid teamId, Guid clusterId, string typedName, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersManage, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        // A person's act (docs/decisions/012): a token proves nothing, so none removes a cluster.
        if (await stepUp.RequireAsync(actor, ct) is { IsOk: false } unproven)
        {
            return unproven;
        }

        if (!string.Equals(typedName.Trim(), grant.Value.Cluster.Name, StringComparison.Ordinal))
        {
            return Outcome.Invalid("clusters.typed_name");
        }

        await using (var db = await contexts.CreateDbContextAsync(ct))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.Clusters.Where(c => c.Id == clusterId).ExecuteDeleteAsync(ct);
            await activity.RecordAsync(db, actor, Event("clusters.remove", grant.Value.Cluster), ct);
            await transaction.CommitAsync(ct);
        }

        links.Close(clusterId, "removed");
        caches.Remove(clusterId);
        return Outcome.Ok;
    }

    /// <summary>The demo team's cluster, made when it is not there. For the service itself alone.</summary>
    /// <exception cref="InvalidOperationException">A person called it.</exception>
    public async Task<Cluster> EnsureDemoAsync(Actor system, Guid teamId, CancellationToken ct)
    {
        if (system.Kind != ActorKind.System)
        {
            throw new InvalidOperationException("The demo cluster is made by the service alone.");
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var found = await db.Clusters.AsNoTracking().SingleOrDefaultAsync(c => c.TeamId == teamId && c.IsDemo, ct);
        if (found is not null)
        {
            return found;
        }

        var slugs = await db.Clusters.Where(c => c.TeamId == teamId).Select(c => c.Slug).ToListAsync(ct);
        var cluster = new Cluster
        {
            Id = Ids.New(clock),
            TeamId = teamId,
            Slug = FreeSlug(DemoSlug, slugs),
            Name = "Sandbox",
            Access = ClusterAccessKind.Propose,
            CreatedAt = clock.GetUtcNow(),
            IsDemo = true,
        };
        db.Clusters.Add(cluster);
        await db.SaveChangesAsync(ct);
        return cluster;
    }

    private static Failure? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) ? new Failure(FailureKind.Invalid, "clusters.name_missing")
        : name.Trim().Length > ClusterLimits.NameLength ? new Failure(FailureKind.Invalid, "clusters.name_long", ClusterLimits.NameLength)
        : null;

    private static string FreeSlug(string wanted, List<string> taken)
    {
        var slug = wanted;
        for (var n = 2; taken.Contains(slug); n++)
        {
            var suffix = $"-{n}";
            slug = wanted[..Math.Min(wanted.Length, 40 - suffix.Length)] + suffix;
        }

        return slug;
    }

    private static ActivityEvent Event(string operation, Cluster cluster) =>
        new(operation, "cluster", cluster.Id.ToString(), cluster.Name, cluster.TeamId);

    private async Task<Cluster[]> ListAsync(Guid teamId, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await db.Clusters.AsNoTracking().Where(c => c.TeamId == teamId).OrderBy(c => c.Name).Take(ClusterLimits.PerTeam).ToArrayAsync(ct);
    }
}
