using Anycast.Core.Accounts;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Teams;

/// <summary>Who may do what in which team. What is expected stands here as a table of its own, not computed from the product's.</summary>
[PolicyClause("D03", "D11", "U02")]
public sealed class TeamAccessTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    // Owner, admin, member, member where the team does not let members approve, viewer.
    private static readonly (string Permission, string Cells)[] s_expected =
    [
        ("team.view", "yyyyy"),
        ("team.manage", "yynnn"),
        ("team.delete", "ynnnn"),
        ("members.manage", "yynnn"),
        ("clusters.view", "yyyyy"),
        ("clusters.connect", "yynnn"),
        ("clusters.manage", "yynnn"),
        ("assistant.use", "yyyyy"),
        ("proposals.view", "yyyyy"),
        ("proposals.propose", "yyyyn"),
        ("proposals.approve", "yyynn"),
        ("activity.view", "yyyyn"),
    ];

    private static readonly (TeamRole Role, bool MembersMayApprove)[] s_columns =
        [(TeamRole.Owner, true), (TeamRole.Admin, true), (TeamRole.Member, true), (TeamRole.Member, false), (TeamRole.Viewer, true)];

    [Fact]
    public void Table_OfPermissions_NamesEveryPermission() => Assert.Equal(Permission.All.Order(), s_expected.Select(e => e.Permission).Order());

    [Theory, EveryDatabase]
    public async Task Authorize_OfEveryRoleAndPermission_AnswersAsTheTableSays(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.ActorAsync();
        for (var column = 0; column < s_columns.Length; column++)
        {
            var (role, mayApprove) = s_columns[column];
            var team = (await host.Get<TeamService>().CreateAsync(owner, $"Matrix {provider} {column}", default)).Value!;
            Assert.True((await host.Get<TeamService>().SetMembersMayApproveAsync(owner, team.Slug, mayApprove, default)).IsOk);
            var actor = owner;
            if (role != TeamRole.Owner)
            {
                actor = await host.ActorAsync();
                await host.JoinAsync(team.Id, actor.UserId, role);
            }

            foreach (var (permission, cells) in s_expected)
            {
                var bySlug = await host.Get<TeamAccess>().AuthorizeAsync(actor, team.Slug, permission, default);
                var byId = await host.Get<TeamAccess>().AuthorizeAsync(actor, team.Id, permission, default);
                Assert.Equal(cells[column] == 'y', bySlug.IsOk);
                Assert.Equal(bySlug.IsOk, byId.IsOk);
                if (!bySlug.IsOk)
                {
                    Assert.Equal(FailureKind.Forbidden, bySlug.Failure.Kind);
                }
            }
        }
    }

    [Theory, EveryDatabase]
    public async Task Authorize_OfAnotherTeam_AnswersLikeOneThatDoesNotExist(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var team = (await host.Get<TeamService>().CreateAsync(await host.ActorAsync(), $"Theirs {provider}", default)).Value!;
        var stranger = await host.ActorAsync(roles: PlatformRoles.Operator);
        var access = host.Get<TeamAccess>();
        foreach (var permission in Permission.All)
        {
            var theirs = await access.AuthorizeAsync(stranger, team.Slug, permission, default);
            var nobodys = await access.AuthorizeAsync(stranger, "no-such-team", permission, default);
            Assert.Equal(nobodys.Failure, theirs.Failure);
            Assert.Equal(FailureKind.NotFound, theirs.Failure!.Kind);
            Assert.Equal(Failure.NotFound, (await access.AuthorizeAsync(stranger, team.Id, permission, default)).Failure);
            Assert.Equal(Failure.NotFound, (await access.AuthorizeAsync(stranger, Guid.NewGuid(), permission, default)).Failure);
        }
    }

    [Theory, EveryDatabase]
    public async Task EveryMethod_OfTheTeamService_RefusesAStrangerWithNotFound(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var teams = host.Get<TeamService>();
        var team = (await teams.CreateAsync(await host.ActorAsync(), $"Closed {provider}", default)).Value!;
        var stranger = await host.ActorAsync();
        Assert.Equal(Failure.NotFound, (await teams.GetAsync(stranger, team.Slug, default)).Failure);
        Assert.Equal(Failure.NotFound, (await teams.RenameAsync(stranger, team.Slug, "Mine", default)).Failure);
        Assert.Equal(Failure.NotFound, (await teams.SetMembersMayApproveAsync(stranger, team.Slug, false, default)).Failure);
        Assert.Equal(Failure.NotFound, (await teams.MembersAsync(stranger, team.Slug, new PageRequest(), default)).Failure);
        Assert.Equal(Failure.NotFound, (await teams.ActivityAsync(stranger, team.Slug, new ActivityFilter(), new PageRequest(), default)).Failure);
        Assert.DoesNotContain(await teams.ListAsync(stranger, default), t => t.Id == team.Id);
    }

    [Theory, EveryDatabase]
    public async Task Authorize_OfActorsThatAreNoPerson_IsNotFound(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var team = (await host.Get<TeamService>().CreateAsync(await host.ActorAsync(), $"People {provider}", default)).Value!;
        Assert.Equal(Failure.NotFound, (await host.Get<TeamAccess>().AuthorizeAsync(Actor.Anonymous, team.Slug, Permission.TeamView, default)).Failure);
        Assert.Equal(Failure.NotFound, (await host.Get<TeamAccess>().AuthorizeAsync(Actor.System("job"), team.Slug, Permission.TeamView, default)).Failure);
    }

    [Theory, EveryDatabase]
    public async Task Authorize_AfterRemovalBlockOrDeletion_HoldsAtOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var access = host.Get<TeamAccess>();
        var team = (await host.Get<TeamService>().CreateAsync(await host.ActorAsync(), $"Leaving {provider}", default)).Value!;
        var (removed, blocked, deleted, unconfirmed) = (await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync(), await host.ActorAsync());
        foreach (var actor in new[] { removed, blocked, deleted, unconfirmed })
        {
            await host.JoinAsync(team.Id, actor.UserId, TeamRole.Admin);
            Assert.True((await access.AuthorizeAsync(actor, team.Slug, Permission.TeamManage, default)).IsOk);
        }

        var now = host.Clock.GetUtcNow();
        await using var db = await host.OpenAsync();
        await db.Memberships.Where(m => m.UserId == removed.UserId).ExecuteDeleteAsync();
        await db.Users.Where(u => u.Id == blocked.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.BlockedAt, now));
        await db.Users.Where(u => u.Id == deleted.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.DeletedAt, now));
        await db.Users.Where(u => u.Id == unconfirmed.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.EmailConfirmed, false));
        foreach (var actor in new[] { removed, blocked, deleted, unconfirmed })
        {
            Assert.Equal(Failure.NotFound, (await access.AuthorizeAsync(actor, team.Slug, Permission.TeamView, default)).Failure);
        }
    }

    [Theory, EveryDatabase]
    public async Task Membership_InSeveralTeams_HasOneRoleInEach(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.ActorAsync();
        var person = await host.ActorAsync();
        var teams = host.Get<TeamService>();
        var first = (await teams.CreateAsync(owner, $"First {provider}", default)).Value!;
        var second = (await teams.CreateAsync(owner, $"Second {provider}", default)).Value!;
        await host.JoinAsync(first.Id, person.UserId, TeamRole.Viewer);
        await host.JoinAsync(second.Id, person.UserId, TeamRole.Admin);
        Assert.Equal([(first.Id, TeamRole.Viewer), (second.Id, TeamRole.Admin)], (await teams.ListAsync(person, default)).Select(t => (t.Id, t.Role)));
        await Assert.ThrowsAsync<DbUpdateException>(() => host.JoinAsync(first.Id, person.UserId, TeamRole.Owner));
    }

    [Theory, EveryDatabase]
    public async Task Create_OfTheSameNameManyTimesAtOnce_GivesEachItsOwnSlug(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => host.Get<TeamService>().CreateAsync(actor, $"Größe & Co {provider}", default))));
        Assert.All(made, m => Assert.True(m.IsOk));
        Assert.Equal(6, made.Select(m => m.Value!.Slug).Distinct().Count());
        Assert.Contains(made, m => string.Equals(m.Value!.Slug, $"groesse-co-{provider}", StringComparison.OrdinalIgnoreCase));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D03")]
    public async Task Operator_WithoutTheRole_IsNotOne(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        Assert.False(ActorFactory.For(await host.UserAsync()).IsOperator);
        Assert.False(ActorFactory.For(await host.UserAsync(roles: PlatformRoles.Author | PlatformRoles.Support)).IsOperator);
        Assert.True(ActorFactory.For(await host.UserAsync(roles: PlatformRoles.Operator)).IsOperator);
        Assert.False((Actor.System("job") with { Roles = PlatformRoles.Operator }).IsOperator);
    }
}
