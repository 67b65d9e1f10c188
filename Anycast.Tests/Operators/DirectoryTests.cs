using Anycast.Core.Accounts;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Operators;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Operators;

/// <summary>Operators find, block and unblock accounts and teams and grant platform roles (D03); the log of both sides has it.</summary>
public sealed class DirectoryTests
{
    [Theory, EveryDatabase]
    [PolicyClause("D03", "D14")]
    public async Task Block_OfAnAccount_EndsItsSessionsAndStandsInBothLogs(TestProvider provider)
    {
        await using var host = await StartAsync(provider);
        var chief = await host.SignedInAsync("chief@example.org", PlatformRoles.Operator);
        var person = await host.SignedInAsync("person@example.org");
        var users = host.Get<UserDirectory>();
        Assert.Equal(person.UserId, Assert.Single((await users.ListAsync(chief, "PERSON@", new PageRequest(), default)).Value!.Items).Id);
        Assert.True((await users.BlockAsync(chief, person.UserId, default)).IsOk);
        Assert.False(await host.Get<SessionService>().IsAliveAsync(person.SessionId!.Value, default));
        foreach (var side in new[] { chief, person })
        {
            var log = await host.Get<ActivityLog>().OwnAsync(side, new ActivityFilter(), new PageRequest(), default);
            Assert.Contains(log.Items, e => e.Operation == "operators.block_user" && e.TargetId == person.UserId.ToString());
        }

        // The operator's address is nothing that the other side is told.
        Assert.All((await host.Get<ActivityLog>().OwnAsync(person, new ActivityFilter(Category: "operators"), new PageRequest(), default)).Items, e => Assert.Null(e.Ip));
        Assert.True((await users.UnblockAsync(chief, person.UserId, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task List_WithRefusedSignIns_SaysFromHowManyNetworks(TestProvider provider)
    {
        await using var host = await StartAsync(provider);
        var chief = await host.SignedInAsync("chief@example.org", PlatformRoles.Operator);
        var (guessed, forgetful) = (await host.UserAsync("guessed@example.org"), await host.UserAsync("forgetful@example.org"));
        var signIn = host.Get<Anycast.Core.Accounts.SignIn.SignInService>();
        for (var i = 0; i < 12; i++)
        {
            Assert.False((await signIn.PasswordAsync(guessed.Email!, "not this one", $"198.51.100.{i / 2}", null, default)).IsOk);
        }

        Assert.False((await signIn.PasswordAsync(forgetful.Email!, "was it this", "192.0.2.4", null, default)).IsOk);
        var users = (await host.Get<UserDirectory>().ListAsync(chief, null, new PageRequest(), default)).Value!.Items.ToDictionary(u => u.Id, u => (u.RefusedSignIns, u.RefusedFrom));
        Assert.Equal((12, 6), users[guessed.Id]);
        Assert.Equal((1, 1), users[forgetful.Id]);
        Assert.Equal((0, 0), users[chief.UserId]);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D03")]
    public async Task Operators_WhoDemoteEachOtherAtOnce_LeaveOne(TestProvider provider)
    {
        await using var host = await StartAsync(provider);
        var first = await host.SignedInAsync("first@example.org", PlatformRoles.Operator);
        var second = await host.SignedInAsync("second@example.org", PlatformRoles.Operator);
        var users = host.Get<UserDirectory>();
        Assert.Equal("operators.not_yourself", (await users.SetRolesAsync(first, first.UserId, PlatformRoles.User, default)).Failure!.Code);
        var done = await Task.WhenAll(
            Task.Run(() => users.SetRolesAsync(first, second.UserId, PlatformRoles.User, default)),
            Task.Run(() => users.SetRolesAsync(second, first.UserId, PlatformRoles.User, default)));
        Assert.Single(done, d => d.IsOk);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D03")]
    public async Task Role_ThatWasTakenAway_HoldsAtTheNextCall(TestProvider provider)
    {
        await using var host = await StartAsync(provider);
        var first = await host.SignedInAsync("first@example.org", PlatformRoles.Operator);
        var second = await host.SignedInAsync("second@example.org", PlatformRoles.Operator);
        Assert.True((await host.Get<UserDirectory>().SetRolesAsync(first, second.UserId, PlatformRoles.Support, default)).IsOk);
        Assert.Equal(FailureKind.Forbidden, (await host.Get<UserDirectory>().ListAsync(second, null, new PageRequest(), default)).Failure!.Kind);
        Assert.False(await host.Get<SessionService>().IsAliveAsync(second.SessionId!.Value, default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D03")]
    public async Task Acts_OfOperators_NeedAFreshProof(TestProvider provider)
    {
        await using var host = await StartAsync(provider);
        var chief = await host.SignedInAsync("chief@example.org", PlatformRoles.Operator);
        var person = await host.SignedInAsync("person@example.org");
        var team = (await host.Get<TeamService>().CreateAsync(person, "Team", default)).Value!;
        host.Clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));
        foreach (var act in new Func<Actor, Task<Outcome>>[]
        {
            a => host.Get<UserDirectory>().SetRolesAsync(a, person.UserId, PlatformRoles.Operator, default),
            a => host.Get<UserDirectory>().BlockAsync(a, person.UserId, default),
            a => host.Get<TeamDirectory>().SetBlockedAsync(a, team.Id, true, default),
        })
        {
            Assert.Equal("accounts.step_up", (await act(chief)).Failure?.Code);
            Assert.True((await act(await host.WithSessionAsync(chief))).IsOk);
        }
    }

    [Theory, EveryDatabase]
    public async Task Block_OfATeam_ClosesItForItsMembers(TestProvider provider)
    {
        await using var host = await StartAsync(provider);
        var chief = await host.SignedInAsync("chief@example.org", PlatformRoles.Operator);
        var owner = await host.SignedInAsync("owner@example.org");
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!;
        var teams = host.Get<TeamDirectory>();
        Assert.Equal(1, (await teams.ListAsync(chief, "team", new PageRequest(), default)).Value!.Total);
        Assert.True((await teams.SetBlockedAsync(chief, team.Id, true, default)).IsOk);
        Assert.Equal("teams.blocked", (await host.Get<TeamService>().GetAsync(owner, team.Slug, default)).Failure!.Code);
        Assert.True((await teams.SetBlockedAsync(chief, team.Id, false, default)).IsOk);
        Assert.True((await host.Get<TeamService>().GetAsync(owner, team.Slug, default)).IsOk);
    }

    private static Task<CoreHost> StartAsync(TestProvider provider) => CoreHost.StartAsync(provider, (services, _) => services.AddOperators());
}
