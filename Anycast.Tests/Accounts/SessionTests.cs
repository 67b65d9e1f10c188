using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>Sessions live on the server and end after 60 days without activity.</summary>
public sealed class SessionTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private static readonly byte[] s_ticket = "a ticket with the canary ANYCAST-CANARY-TICKET"u8.ToArray();

    [Theory, EveryDatabase]
    [PolicyClause("D21")]
    public async Task Open_StoresHashAndSealedTicketAndTheCookieCarriesOnlyAKey(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (_, id, key) = await OpenAsync(host);
        Assert.Equal(43, key.Length); // 256 bits in base64url, nothing else
        await using var db = await host.OpenAsync();
        var row = await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == id);
        Assert.Equal(Ids.Hash(key), row.KeyHash);
        Assert.Equal(-1, row.Ticket.AsSpan().IndexOf("CANARY"u8));
        var found = await host.Get<SessionService>().FindAsync(key, default);
        Assert.Equal(s_ticket, found!.Ticket);
        Assert.Null(await host.Get<SessionService>().FindAsync(row.KeyHash, default));
        Assert.Null(await host.Get<SessionService>().FindAsync(Ids.Secret(), default));
    }

    [Theory, EveryDatabase]
    public async Task Find_OfATicketThatDoesNotOpen_IsSignedOut(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (_, id, key) = await OpenAsync(host);
        await using var db = await host.OpenAsync();
        var ticket = (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == id)).Ticket;
        ticket[^1] ^= 1;
        await db.Sessions.Where(s => s.Id == id).ExecuteUpdateAsync(s => s.SetProperty(x => x.Ticket, ticket));
        Assert.Null(await host.Get<SessionService>().FindAsync(key, default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("S04")]
    public async Task Find_OneSecondBeforeSixtyDaysOfIdleness_StillLives(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (_, _, key) = await OpenAsync(host);
        host.Clock.Advance(TimeSpan.FromDays(60) - TimeSpan.FromSeconds(1));
        Assert.NotNull(await host.Get<SessionService>().FindAsync(key, default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("S04")]
    public async Task Find_AfterSixtyDaysOfIdleness_IsOver(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (_, id, key) = await OpenAsync(host);
        host.Clock.Advance(TimeSpan.FromDays(60));
        Assert.Null(await host.Get<SessionService>().FindAsync(key, default));
        Assert.False(await host.Get<SessionService>().IsAliveAsync(id, default));
        Assert.False(await host.Get<SessionService>().TouchAsync(id, default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("S04")]
    public async Task Find_WithActivityInBetween_LivesOnAndHasNoAbsoluteEnd(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (_, id, key) = await OpenAsync(host);
        for (var i = 0; i < 4; i++)
        {
            host.Clock.Advance(TimeSpan.FromDays(59));
            Assert.NotNull(await host.Get<SessionService>().FindAsync(key, default)); // a request
            host.Clock.Advance(TimeSpan.FromDays(59));
            Assert.True(await host.Get<SessionService>().TouchAsync(id, default)); // or what is done in an open circuit
        }

        host.Clock.Advance(TimeSpan.FromDays(60));
        Assert.Null(await host.Get<SessionService>().FindAsync(key, default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("S04")]
    public async Task Activity_IsRecordedAtMostAMinuteLate(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (_, id, key) = await OpenAsync(host);
        host.Clock.Advance(SessionService.Granularity + TimeSpan.FromSeconds(1));
        await host.Get<SessionService>().FindAsync(key, default);
        await using var db = await host.OpenAsync();
        Assert.Equal(host.Clock.GetUtcNow(), (await db.Sessions.AsNoTracking().SingleAsync(s => s.Id == id)).LastSeenAt);
    }

    [Theory, EveryDatabase]
    [PolicyClause("K04")]
    public async Task Maintenance_AfterSixtyDays_DeletesTheRow(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => services.AddSingleton<AccountMaintenanceJob>());
        var (user, _, _) = await OpenAsync(host);
        host.Clock.Advance(TimeSpan.FromDays(60) - TimeSpan.FromSeconds(1));
        await host.Get<AccountMaintenanceJob>().RunAsync(default);
        Assert.Equal(1, await CountAsync(host, user));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Get<AccountMaintenanceJob>().RunAsync(default);
        Assert.Equal(0, await CountAsync(host, user));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D23")]
    public async Task List_OfOwnSessions_NamesBrowserAndSystemAndRevokesOnlyOnes(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (user, id, key) = await OpenAsync(host);
        var (stranger, _, _) = await OpenAsync(host);
        var session = Assert.Single(await host.Get<SessionService>().ListAsync(ActorFactory.For(user), default));
        Assert.Equal("Firefox, Linux", session.Device);
        Assert.Equal(FailureKind.NotFound, (await host.Get<SessionService>().RevokeAsync(ActorFactory.For(stranger), id, default)).Failure!.Kind);
        Assert.True((await host.Get<SessionService>().RevokeAsync(ActorFactory.For(user), id, default)).IsOk);
        Assert.Null(await host.Get<SessionService>().FindAsync(key, default));
    }

    [Theory, EveryDatabase]
    public async Task ChangePassword_EndsAllOtherSessionsAndTellsTheOwner(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (user, id, key) = await OpenAsync(host);
        var otherKey = await host.Get<SessionService>().OpenAsync(Ids.New(host.Clock), user.Id, s_ticket, null, "Chrome, Android", default);
        var actor = ActorFactory.For(user, id);
        Assert.Equal("accounts.password_wrong", (await host.Get<AccountService>().ChangePasswordAsync(actor, "wrong", "another long secret", Link, default)).Failure!.Code);
        Assert.True((await host.Get<AccountService>().ChangePasswordAsync(actor, CoreHost.Password, "another long secret", Link, default)).IsOk);
        Assert.NotNull(await host.Get<SessionService>().FindAsync(key, default));
        Assert.Null(await host.Get<SessionService>().FindAsync(otherKey, default));
        await using var db = await host.OpenAsync();
        Assert.Equal(1, await db.OutboxMails.CountAsync(m => m.UserId == user.Id));
    }

    [Theory, EveryDatabase]
    public async Task ResetPassword_EndsEverySessionAndUsesTheLinkUp(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (user, _, key) = await OpenAsync(host);
        await using var db = await host.OpenAsync();
        var secret = await host.Get<AccountTokens>().MakeAsync(db, user.Id, TokenPurpose.ResetPassword, AccountsOptions.ResetLifetime, default);
        await db.SaveChangesAsync();
        Assert.Equal("accounts.password_short", (await host.Get<AccountService>().ResetPasswordAsync(secret, "short", Link, default)).Failure!.Code);
        Assert.True((await host.Get<AccountService>().ResetPasswordAsync(secret, "another long secret", Link, default)).IsOk);
        Assert.Equal(FailureKind.Expired, (await host.Get<AccountService>().ResetPasswordAsync(secret, "yet another secret", Link, default)).Failure!.Kind);
        Assert.Null(await host.Get<SessionService>().FindAsync(key, default));
    }

    [Theory, EveryDatabase]
    public async Task IsAlive_OfABlockedUser_IsFalseAtOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (user, id, _) = await OpenAsync(host);
        Assert.True(await host.Get<SessionService>().IsAliveAsync(id, default));
        await using var db = await host.OpenAsync();
        await db.Users.Where(u => u.Id == user.Id).ExecuteUpdateAsync(s => s.SetProperty(u => u.BlockedAt, host.Clock.GetUtcNow()));
        Assert.False(await host.Get<SessionService>().IsAliveAsync(id, default));
    }

    private static Uri Link(string path) => new(new Uri("https://anycast.example.org"), path);

    private static async Task<(User User, Guid Id, string Key)> OpenAsync(CoreHost host)
    {
        var user = await host.UserAsync();
        var id = Ids.New(host.Clock);
        return (user, id, await host.Get<SessionService>().OpenAsync(id, user.Id, s_ticket, "192.0.2.1", "Firefox, Linux", default));
    }

    private static async Task<int> CountAsync(CoreHost host, User user)
    {
        await using var db = await host.OpenAsync();
        return await db.Sessions.CountAsync(s => s.UserId == user.Id);
    }
}
