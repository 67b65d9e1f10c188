using Anycast.Core.Accounts;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Web.Demo;

/// <summary>The demo team with its sandbox cluster. It exists once the operator does, who owns it.</summary>
internal sealed class DemoTeam(DemoOptions options, IDbContextFactory<AppDbContext> contexts, TeamService teams, ClusterService clusters) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>The demo's cluster, made when it is not there; null while there is no operator, or the demo is off.</summary>
    public async Task<Cluster?> EnsureAsync(CancellationToken ct)
    {
        if (options.Enabled != true)
        {
            return null;
        }

        await _one.WaitAsync(ct);
        try
        {
            return await MakeAsync(ct);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<Cluster?> MakeAsync(CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var existing = await db.Teams.AsNoTracking().Where(t => t.IsDemo).Select(t => (Guid?)t.Id).FirstOrDefaultAsync(ct);
        if (existing is { } teamId)
        {
            return await clusters.EnsureDemoAsync(Actor.System("demo"), teamId, ct);
        }

        var operatorUser = await db.Users.AsNoTracking().Where(u => (u.Roles & PlatformRoles.Operator) != 0 && u.DeletedAt == null).OrderBy(u => u.CreatedAt).FirstOrDefaultAsync(ct);
        if (operatorUser is null)
        {
            return null;
        }

        var team = await teams.EnsureDemoAsync(ActorFactory.For(operatorUser), ct);
        return await clusters.EnsureDemoAsync(Actor.System("demo"), team.Id, ct);
    }
}
