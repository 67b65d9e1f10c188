using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Clusters;

public sealed class RenameTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory, EveryDatabase]
    [PolicyClause("D10")]
    public async Task Rename_OfACluster_ChangesItsNameAloneAndNoNameStandsTwiceInATeam(TestProvider provider)
    {
        await using var core = await CoreHost.StartAsync(provider, (services, _) => services.AddClusters());
        var owner = await core.ActorAsync();
        var teams = core.Get<TeamService>();
        var clusters = core.Get<ClusterService>();
        var team = (await teams.CreateAsync(owner, "Team", Ct)).Value!;
        var other = (await teams.CreateAsync(owner, "Other", Ct)).Value!;
        var production = (await clusters.CreateAsync(owner, team.Slug, "Production", ClusterAccessKind.ReadOnly, Ct)).Value!;
        var staging = (await clusters.CreateAsync(owner, team.Slug, "Staging", ClusterAccessKind.ReadOnly, Ct)).Value!;

        Assert.True((await clusters.RenameAsync(owner, team.Id, production.Id, "  Live  ", Ct)).IsOk);
        Assert.True((await clusters.RenameAsync(owner, team.Id, production.Id, "Live", Ct)).IsOk); // its own name is not taken by another
        Assert.Equal("clusters.name_taken", (await clusters.RenameAsync(owner, team.Id, staging.Id, "Live", Ct)).Failure?.Code);
        Assert.Equal("clusters.name_taken", (await clusters.CreateAsync(owner, team.Slug, "Live", ClusterAccessKind.ReadOnly, Ct)).Failure?.Code);
        Assert.True((await clusters.CreateAsync(owner, other.Slug, "Live", ClusterAccessKind.ReadOnly, Ct)).IsOk);

        await using var db = await core.OpenAsync();
        var stored = await db.Clusters.AsNoTracking().Where(c => c.TeamId == team.Id).OrderBy(c => c.CreatedAt).ThenBy(c => c.Name).ToListAsync(Ct);
        Assert.Contains(stored, c => (c.Id, c.Slug, c.Name) == (production.Id, "production", "Live"));
        Assert.Contains(stored, c => (c.Id, c.Slug, c.Name) == (staging.Id, "staging", "Staging"));
        Assert.Equal(2, stored.Count);
    }
}
