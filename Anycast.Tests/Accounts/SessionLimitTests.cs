using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>An installation may end sessions sooner than the policy does, and after a time however active they are (ASVS 7.3.2).</summary>
public sealed class SessionLimitTests
{
    [Theory, EveryDatabase]
    public async Task Session_BeyondTheOverallLimit_EndsThoughItIsUsedEveryDay(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, settings: new Dictionary<string, string?> { ["Anycast:Sessions:Preset"] = "Aal1" });
        var sessions = host.Get<SessionService>();
        var (id, key) = await OpenAsync(host);
        for (var day = 1; day < 30; day++)
        {
            host.Clock.Advance(TimeSpan.FromDays(1));
            Assert.True(await sessions.TouchAsync(id, default));
        }

        host.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.NotNull(await sessions.FindAsync(key, default));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await sessions.FindAsync(key, default));
        Assert.False(await sessions.IsAliveAsync(id, default));
        await sessions.PurgeAsync(default);
        await using var db = await host.OpenAsync();
        Assert.False(await db.Sessions.AnyAsync(s => s.Id == id));
    }

    [Theory, EveryDatabase]
    public async Task Session_OfAShorterIdleTime_EndsAfterIt(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, settings: new Dictionary<string, string?> { ["Anycast:Sessions:Preset"] = "aal2" });
        var (_, key) = await OpenAsync(host);
        host.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.NotNull(await host.Get<SessionService>().FindAsync(key, default));
        host.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(await host.Get<SessionService>().FindAsync(key, default));
    }

    [Fact]
    [PolicyClause("S04")]
    public void Presets_OfEveryName_NeverOutliveThePolicysSixtyDays() =>
        Assert.All(SessionLimits.Presets.Values, p => Assert.True(p.Idle <= TimeSpan.FromDays(60)));

    [Theory, EveryDatabase]
    public async Task Renewal_OfAnEndedSessionOrByAForeignTicket_ChangesNothing(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var sessions = host.Get<SessionService>();
        var user = await host.UserAsync();
        var id = Ids.New(host.Clock);
        var key = await sessions.OpenAsync(id, user.Id, [1], null, "", default);
        await sessions.RenewAsync(key, id, Guid.NewGuid(), [2], default);
        await sessions.RenewAsync(key, Guid.NewGuid(), user.Id, [2], default);
        Assert.Equal([1], (await sessions.FindAsync(key, default))!.Ticket);
        await sessions.RenewAsync(key, id, user.Id, [3], default);
        Assert.Equal([3], (await sessions.FindAsync(key, default))!.Ticket);

        // The framework renews at the end of a request, in which the session may have been revoked.
        await sessions.RevokeAsync(ActorFactory.For(user), id, default);
        await sessions.RenewAsync(key, id, user.Id, [4], default);
        Assert.Null(await sessions.FindAsync(key, default));
        await using var db = await host.OpenAsync();
        Assert.Empty(await db.Sessions.ToListAsync());
    }

    private static async Task<(Guid Id, string Key)> OpenAsync(CoreHost host)
    {
        var user = await host.UserAsync();
        var id = Ids.New(host.Clock);
        return (id, await host.Get<SessionService>().OpenAsync(id, user.Id, [1], "192.0.2.1", "Firefox, Linux", default));
    }
}
