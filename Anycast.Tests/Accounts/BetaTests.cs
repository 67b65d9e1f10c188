using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Beta;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>Beta features: enrol, leave, and gates that hold in Core (D08).</summary>
[PolicyClause("D08")]
public sealed class BetaTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    public async Task Gate_OfTheApi_OpensByEnrollingAndShutsByLeaving(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (beta, teams) = (host.Get<BetaService>(), host.Get<TeamService>());
        var actor = await host.ActorAsync();
        var team = (await teams.CreateAsync(actor, "Early birds", default)).Value!;
        var token = actor with { Kind = ActorKind.ApiToken, SessionId = null, TokenId = Guid.NewGuid(), TokenTeamId = team.Id, Scopes = ApiScopes.Read };
        async Task<string?> CallAsync() => (await teams.ActivityAsync(token, team.Slug, new ActivityFilter(), new PageRequest(), default)).Failure?.Code;

        Assert.Equal("beta.not_enrolled", await CallAsync());
        Assert.All(await beta.ListAsync(actor, default), c => Assert.Null(c.EnrolledAt));
        for (var i = 0; i < 2; i++)
        {
            Assert.True((await beta.EnrolAsync(actor, BetaCatalogue.ActivityApi.Key, default)).IsOk);
            Assert.Null(await CallAsync());
            Assert.Equal(host.Clock.GetUtcNow(), (await beta.ListAsync(actor, default)).Single(c => c.Feature == BetaCatalogue.ActivityApi).EnrolledAt);
            host.Clock.Advance(TimeSpan.FromHours(1));
            Assert.True((await beta.LeaveAsync(actor, BetaCatalogue.ActivityApi.Key, default)).IsOk);
            Assert.Equal("beta.not_enrolled", await CallAsync());
        }

        await using var db = await host.OpenAsync();
        var row = await db.BetaEnrolments.SingleAsync(e => e.UserId == actor.UserId);
        Assert.Equal((host.Clock.GetUtcNow().AddHours(-1), host.Clock.GetUtcNow()), (row.EnrolledAt, row.LeftAt));

        // The person's own page is not the API: it never needed the feature.
        Assert.True((await teams.ActivityAsync(actor, team.Slug, new ActivityFilter(), new PageRequest(), default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Enrol_InWhatIsNotInTheCatalogue_IsNotFound(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        Assert.Equal(Failure.NotFound, (await host.Get<BetaService>().EnrolAsync(actor, "no-such-feature", default)).Failure);
        Assert.Equal(Failure.NotFound, (await host.Get<BetaService>().EnrolAsync(Actor.Anonymous, BetaCatalogue.ActivityApi.Key, default)).Failure);
    }

    [Theory, EveryDatabase]
    public async Task Maintenance_OfARemovedFeature_DeletesItsEnrolments(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => services.AddSingleton<AccountMaintenanceJob>());
        var actor = await host.ActorAsync();
        await host.Get<BetaService>().EnrolAsync(actor, BetaCatalogue.ActivityApi.Key, default);
        await using var db = await host.OpenAsync();
        db.BetaEnrolments.Add(new BetaEnrolment { UserId = actor.UserId, Feature = "gone", EnrolledAt = host.Clock.GetUtcNow() });
        await db.SaveChangesAsync();
        await host.Get<AccountMaintenanceJob>().RunAsync(default);
        Assert.Equal([BetaCatalogue.ActivityApi.Key], await db.BetaEnrolments.AsNoTracking().Select(e => e.Feature).ToListAsync());
    }
}
