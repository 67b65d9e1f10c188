using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Teams;

/// <summary>Who is in a team and as what (D11, T15): an owner always, and no role above one's own.</summary>
public sealed class MembershipTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("D11", "U03")]
    public async Task Owners_WhoDemoteEachOtherAtOnce_LeaveOne(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var service = host.Get<MembershipService>();
        for (var round = 0; round < 10; round++)
        {
            var (first, team) = await TeamAsync(host);
            var second = await MemberAsync(host, team, TeamRole.Owner);
            await Task.WhenAll(
                Task.Run(() => service.ChangeRoleAsync(first, team.Slug, second.UserId, TeamRole.Viewer, default)),
                Task.Run(() => service.ChangeRoleAsync(second, team.Slug, first.UserId, TeamRole.Viewer, default)),
                Task.Run(() => service.LeaveAsync(first, team.Slug, default)),
                Task.Run(() => service.LeaveAsync(second, team.Slug, default)));
            await using var db = await host.OpenAsync();
            Assert.Equal(1, await db.Memberships.CountAsync(m => m.TeamId == team.Id && m.Role == TeamRole.Owner));
        }
    }

    [Theory, EveryDatabase]
    [PolicyClause("D11")]
    public async Task LastOwner_CanNeitherLeaveNorBeDemoted(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var service = host.Get<MembershipService>();
        Assert.Equal("teams.last_owner", (await service.LeaveAsync(owner, team.Slug, default)).Failure!.Code);
        Assert.Equal("teams.last_owner", (await service.ChangeRoleAsync(owner, team.Slug, owner.UserId, TeamRole.Admin, default)).Failure!.Code);
        Assert.Equal("teams.last_owner", (await service.RemoveAsync(owner, team.Slug, owner.UserId, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D11")]
    public async Task Transfer_OfOwnership_SwapsTheRolesAndNeedsAFreshProof(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var next = await MemberAsync(host, team, TeamRole.Member);
        var service = host.Get<MembershipService>();
        Assert.False((await service.TransferAsync(next, team.Slug, owner.UserId, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal("accounts.step_up", (await service.TransferAsync(owner, team.Slug, next.UserId, default)).Failure!.Code);
        owner = await host.WithSessionAsync(owner);
        Assert.True((await service.TransferAsync(owner, team.Slug, next.UserId, default)).IsOk);
        Assert.Equal(TeamRole.Owner, (await host.Get<TeamService>().GetAsync(next, team.Slug, default)).Value!.Role);
        Assert.Equal(TeamRole.Admin, (await host.Get<TeamService>().GetAsync(owner, team.Slug, default)).Value!.Role);
        Assert.Contains("made you an owner", await host.LastMailAsync(next.Email));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D11")]
    public async Task Owners_AreMadeAndUnmadeOnlyWithAFreshProof(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var (second, member) = (await MemberAsync(host, team, TeamRole.Owner), await MemberAsync(host, team, TeamRole.Member));
        var (service, invitations) = (host.Get<MembershipService>(), host.Get<InvitationService>());
        var acts = new Func<Actor, Task<Outcome>>[]
        {
            a => service.ChangeRoleAsync(a, team.Slug, member.UserId, TeamRole.Owner, default),
            a => service.ChangeRoleAsync(a, team.Slug, second.UserId, TeamRole.Viewer, default),
            a => invitations.InviteAsync(a, team.Slug, $"boss-{Guid.NewGuid():N}@example.org", TeamRole.Owner, People.Link, default),
            a => service.RemoveAsync(a, team.Slug, member.UserId, default), // an owner by now
        };
        host.Clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));
        var proven = await host.WithSessionAsync(owner);
        Assert.True((await service.ChangeRoleAsync(owner, team.Slug, member.UserId, TeamRole.Admin, default)).IsOk); // No owner is touched by that.
        foreach (var act in acts)
        {
            Assert.Equal("accounts.step_up", (await act(owner)).Failure?.Code);
            Assert.True((await act(proven)).IsOk);
        }
    }

    [Theory, EveryDatabase]
    public async Task Admin_CannotRaiseAnybodyAboveTheirOwnRoleNorTouchAnOwner(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var admin = await MemberAsync(host, team, TeamRole.Admin);
        var member = await MemberAsync(host, team, TeamRole.Member);
        var service = host.Get<MembershipService>();
        Assert.Equal("teams.role_too_high", (await service.ChangeRoleAsync(admin, team.Slug, admin.UserId, TeamRole.Owner, default)).Failure!.Code);
        Assert.Equal("teams.role_too_high", (await service.ChangeRoleAsync(admin, team.Slug, owner.UserId, TeamRole.Viewer, default)).Failure!.Code);
        Assert.Equal("teams.role_too_high", (await service.RemoveAsync(admin, team.Slug, owner.UserId, default)).Failure!.Code);
        Assert.True((await service.ChangeRoleAsync(admin, team.Slug, member.UserId, TeamRole.Admin, default)).IsOk);
        Assert.Equal(FailureKind.Forbidden, (await service.RemoveAsync(await MemberAsync(host, team, TeamRole.Viewer), team.Slug, member.UserId, default)).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    [PolicyClause("U02")]
    public async Task Removal_OfAMember_HoldsAtTheNextCall(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var member = await MemberAsync(host, team, TeamRole.Member);
        Assert.True((await host.Get<TeamService>().GetAsync(member, team.Slug, default)).IsOk);
        Assert.True((await host.Get<MembershipService>().RemoveAsync(owner, team.Slug, member.UserId, default)).IsOk);
        Assert.Equal(FailureKind.NotFound, (await host.Get<TeamService>().GetAsync(member, team.Slug, default)).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D07")]
    public async Task Team_ThatRequiresASecondFactor_LetsInOnlyMembersWithOne(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var member = await MemberAsync(host, team, TeamRole.Member);
        Assert.Equal("teams.second_factor_first", (await host.Get<TeamService>().SetRequiresSecondFactorAsync(owner, team.Slug, true, default)).Failure!.Code);
        await host.TurnOnSecondFactorAsync(owner);
        Assert.True((await host.Get<TeamService>().SetRequiresSecondFactorAsync(owner, team.Slug, true, default)).IsOk);
        Assert.Equal("teams.second_factor_needed", (await host.Get<TeamService>().GetAsync(member, team.Slug, default)).Failure!.Code);
        await host.TurnOnSecondFactorAsync(member);
        Assert.True((await host.Get<TeamService>().GetAsync(member, team.Slug, default)).IsOk);
        Assert.True((await host.Get<SecondFactorService>().DisableAsync(member, People.Link, default)).IsOk);
        Assert.False((await host.Get<TeamService>().GetAsync(member, team.Slug, default)).IsOk);
    }

    private static async Task<(Actor Owner, TeamSummary Team)> TeamAsync(CoreHost host)
    {
        var owner = await host.SignedInAsync();
        return (owner, (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!);
    }

    private static async Task<Actor> MemberAsync(CoreHost host, TeamSummary team, TeamRole role)
    {
        var actor = await host.SignedInAsync();
        await host.JoinAsync(team.Id, actor.UserId, role);
        return actor;
    }
}
