using System.Runtime.CompilerServices;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Clusters.Departures;

/// <summary>Filter of what left a cluster; null means any.</summary>
/// <param name="Search">Part of a kind, namespace, name or actor.</param>
/// <param name="Operation">Only this.</param>
/// <param name="RunId">Only what one answer of the assistant brought.</param>
public sealed record DepartureFilter(string? Search = null, DepartureOperation? Operation = null, Guid? RunId = null);

/// <summary>An export: of which cluster, and its entries as they are read.</summary>
public sealed record DepartureExport(string Cluster, IAsyncEnumerable<Departure> Rows);

/// <summary>
/// What left a cluster, for those who may see the cluster and what the team's people did: a token needs the scopes of both. Whoever may not still sees what left it for an answer of their own:
/// a filter by that answer shows their entries alone.
/// </summary>
public sealed class DepartureService(IDbContextFactory<AppDbContext> contexts, ClusterAccess access, TimeProvider clock)
{
    /// <summary>How long entries are kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private const int ExportPage = 1000;
    private const int Chunk = 5000;

    /// <summary>The entries, newest first.</summary>
    public async Task<Outcome<Page<Departure>>> ListAsync(Actor actor, Guid teamId, Guid clusterId, DepartureFilter filter, PageRequest page, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        grant = grant.IsOk && filter.RunId is null ? await access.AuthorizeAsync(actor, teamId, clusterId, Permission.ActivityView, ct) : grant;
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var query = Filtered(db, clusterId, filter, OnlyOf(actor, grant.Value));
        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var items = await query.OrderByDescending(d => d.At).ThenByDescending(d => d.Id).Skip(page.Skip).Take(page.Size).ToListAsync(ct);
        return new Page<Departure>(items, total, page);
    }

    /// <summary>All entries that fit a filter, newest first, a page at a time: an export of any size needs the memory of one page.</summary>
    public async Task<Outcome<DepartureExport>> ExportAsync(Actor actor, string team, string cluster, DepartureFilter filter, CancellationToken ct)
    {
        var grant = await access.AuthorizeAsync(actor, team, cluster, Permission.ClustersView, ct);
        grant = grant.IsOk && filter.RunId is null ? await access.AuthorizeAsync(actor, team, cluster, Permission.ActivityView, ct) : grant;
        return grant.IsOk ? new DepartureExport(grant.Value.Cluster.Slug, AllAsync(grant.Value.ClusterId, filter, OnlyOf(actor, grant.Value), ct)) : grant.Failure;
    }

    /// <summary>Deletes what is older than <see cref="Kept"/>, in parts, so that nobody waits long for the database.</summary>
    /// <returns>How many were deleted.</returns>
    public async Task<int> DeleteOldAsync(CancellationToken ct)
    {
        var before = clock.GetUtcNow() - Kept;
        var deleted = 0;
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var old = await db.Departures.Where(d => d.At < before).OrderBy(d => d.At).Select(d => d.Id).Take(Chunk).ToListAsync(ct);
            deleted += await db.Departures.Where(d => old.Contains(d.Id)).ExecuteDeleteAsync(ct);
            if (old.Count < Chunk)
            {
                return deleted;
            }
        }
    }

    private async IAsyncEnumerable<Departure> AllAsync(Guid clusterId, DepartureFilter filter, Guid? onlyOf, [EnumeratorCancellation] CancellationToken ct)
    {
        (DateTimeOffset At, Guid Id)? last = null;
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            var query = Filtered(db, clusterId, filter, onlyOf);
            if (last is { } from)
            {
                query = query.Where(d => d.At < from.At || (d.At == from.At && d.Id.CompareTo(from.Id) < 0));
            }

            var page = await query.OrderByDescending(d => d.At).ThenByDescending(d => d.Id).Take(ExportPage).ToListAsync(ct);
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < ExportPage)
            {
                yield break;
            }

            last = (page[^1].At, page[^1].Id);
        }
    }

    private static Guid? OnlyOf(Actor actor, ClusterGrant grant) => grant.Team.Has(Permission.ActivityView) ? null : actor.UserId;

    private static IQueryable<Departure> Filtered(AppDbContext db, Guid clusterId, DepartureFilter filter, Guid? onlyOf)
    {
        var query = db.Departures.AsNoTracking().Where(d => d.ClusterId == clusterId && (onlyOf == null || d.UserId == onlyOf));
        if (filter.RunId is { } run)
        {
            query = query.Where(d => d.RunId == run);
        }

        if (filter.Operation is { } operation)
        {
            query = query.Where(d => d.Operation == operation);
        }

        if (!string.IsNullOrWhiteSpace(filter.Search))
        {
            var pattern = SearchText.Anywhere(filter.Search);
            query = query.Where(d => EF.Functions.Like(d.Kind.ToLower(), pattern, SearchText.Escape) || EF.Functions.Like(d.Namespace.ToLower(), pattern, SearchText.Escape)
                || EF.Functions.Like(d.Name.ToLower(), pattern, SearchText.Escape) || EF.Functions.Like(d.ActorName.ToLower(), pattern, SearchText.Escape));
        }

        return query;
    }
}
