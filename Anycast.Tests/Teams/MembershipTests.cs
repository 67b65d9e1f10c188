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
                Task.Run(() => service.ChangeRoleAsync(first, team.Slug, second.UserId, TeamRole.Viewer, People.Link, default)),
                Task.Run(() => service.ChangeRoleAsync(second, team.Slug, first.UserId, TeamRole.Viewer, People.Link, default)),
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
        Assert.Equal("teams.last_owner", (await service.ChangeRoleAsync(owner, team.Slug, owner.UserId, TeamRole.Admin, People.Link, default)).Failure!.Code);
        Assert.Equal("teams.last_owner", (await service.RemoveAsync(owner, team.Slug, owner.UserId, People.Link, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D11")]
    public async Task Transfer_OfOwnership_SwapsTheRolesAndNeedsAFreshProof(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var next = await MemberAsync(host, team, TeamRole.Member);
        var service = host.Get<MembershipService>();
        Assert.False((await service.TransferAsync(next, team.Slug, owner.UserId, People.Link, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal("accounts.step_up", (await service.TransferAsync(owner, team.Slug, next.UserId, People.Link, default)).Failure!.Code);
        owner = await host.WithSessionAsync(owner);
        Assert.True((await service.TransferAsync(owner, team.Slug, next.UserId, People.Link, default)).IsOk);
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
            a => service.ChangeRoleAsync(a, team.Slug, member.UserId, TeamRole.Owner, People.Link, default),
            a => service.ChangeRoleAsync(a, team.Slug, second.UserId, TeamRole.Viewer, People.Link, default),
            a => invitations.InviteAsync(a, team.Slug, $"boss-{Guid.NewGuid():N}@example.org", TeamRole.Owner, People.Link, default),
            a => service.RemoveAsync(a, team.Slug, member.UserId, People.Link, default), // an owner by now
        };
        host.Clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));
        var proven = await host.WithSessionAsync(owner);
        Assert.True((await service.ChangeRoleAsync(owner, team.Slug, member.UserId, TeamRole.Admin, People.Link, default)).IsOk); // No owner is touched by that.
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
        Assert.Equal("teams.role_too_high", (await service.ChangeRoleAsync(admin, team.Slug, admin.UserId, TeamRole.Owner, People.Link, default)).Failure!.Code);
        Assert.Equal("teams.role_too_high", (await service.ChangeRoleAsync(admin, team.Slug, owner.UserId, TeamRole.Viewer, People.Link, default)).Failure!.Code);
        Assert.Equal("teams.role_too_high", (await service.RemoveAsync(admin, team.Slug, owner.UserId, People.Link, default)).Failure!.Code);
        Assert.True((await service.ChangeRoleAsync(admin, team.Slug, member.UserId, TeamRole.Admin, People.Link, default)).IsOk);
        Assert.Equal(FailureKind.Forbidden, (await service.RemoveAsync(await MemberAsync(host, team, TeamRole.Viewer), team.Slug, member.UserId, People.Link, default)).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    [PolicyClause("U02")]
    public async Task Removal_OfAMember_HoldsAtTheNextCall(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var member = await MemberAsync(host, team, TeamRole.Member);
        Assert.True((await host.Get<TeamService>().GetAsync(member, team.Slug, default)).IsOk);
        Assert.True((await host.Get<MembershipService>().RemoveAsync(owner, team.Slug, member.UserId, People.Link, default)).IsOk);
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

    [Theory, EveryDatabase]
    [PolicyClause("D11")]
    public async Task Leave_OfATeamThatIsClosedToItsMember_IsAlwaysAllowedExceptToTheLastOwner(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var service = host.Get<MembershipService>();
        foreach (var why in new[] { TeamDoor.Blocked, TeamDoor.SecondFactorNeeded })
        {
            var (owner, team) = await TeamAsync(host);
            var (member, second) = (await MemberAsync(host, team, TeamRole.Member), await MemberAsync(host, team, TeamRole.Owner));
            DateTimeOffset? blocked = why == TeamDoor.Blocked ? host.Clock.GetUtcNow() : null;
            await using (var db = await host.OpenAsync())
            {
                await db.Teams.Where(t => t.Id == team.Id).ExecuteUpdateAsync(s => s.SetProperty(t => t.BlockedAt, blocked).SetProperty(t => t.RequiresSecondFactor, why == TeamDoor.SecondFactorNeeded));
            }

            Assert.Equal(why, (await host.Get<TeamService>().ListAsync(member, default)).Single(t => t.Id == team.Id).Door);
            Assert.Equal(FailureKind.Forbidden, (await host.Get<TeamService>().MembersAsync(member, team.Slug, new PageRequest(), default)).Failure!.Kind);
            Assert.Equal(Failure.NotFound, (await service.LeaveAsync(await host.SignedInAsync(), team.Slug, default)).Failure);
            Assert.True((await service.LeaveAsync(member, team.Slug, default)).IsOk);
            Assert.Empty(await host.Get<TeamService>().ListAsync(member, default));

            // The door stays closed for everything else, and a team keeps an owner.
            Assert.Equal(FailureKind.Forbidden, (await service.RemoveAsync(owner, team.Slug, second.UserId, People.Link, default)).Failure!.Kind);
            Assert.True((await service.LeaveAsync(second, team.Slug, default)).IsOk);
            Assert.Equal("teams.last_owner", (await service.LeaveAsync(owner, team.Slug, default)).Failure!.Code);
        }
    }

    [Theory, EveryDatabase]
    public async Task Mails_OfAChangedMembership_LeadBackToTheService(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var member = await MemberAsync(host, team, TeamRole.Viewer);
        var service = host.Get<MembershipService>();
        var link = People.Link($"/t/{team.Slug}").ToString();
        Assert.True((await service.ChangeRoleAsync(owner, team.Slug, member.UserId, TeamRole.Member, People.Link, default)).IsOk);
        var mail = await host.LastMailAsync(member.Email);
        Assert.Contains(link, mail);
        Assert.Contains("are on in the settings", mail); // True by default and by choice.
        Assert.True((await service.TransferAsync(owner, team.Slug, member.UserId, People.Link, default)).IsOk);
        mail = await host.LastMailAsync(member.Email);
        Assert.Contains("made you an owner", mail);
        Assert.Contains(link, mail);
        Assert.True((await service.RemoveAsync(member, team.Slug, owner.UserId, People.Link, default)).IsOk);
        mail = await host.LastMailAsync(owner.Email);
        Assert.Contains("you were removed", mail);
        Assert.Contains(People.Link("/me/teams").ToString(), mail);
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
