using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Teams;

/// <summary>Invitations (D20, U03, T15).</summary>
public sealed class InvitationTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("D20", "U03")]
    public async Task Invitation_AcceptedManyTimesAtOnce_MakesOneMember(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var guest = await host.SignedInAsync();
        var id = await InviteAsync(host, owner, team, guest.Email.ToUpperInvariant(), TeamRole.Member);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => host.Get<InvitationService>().AcceptAsync(guest, id, People.Link, default))));
        Assert.Single(answers, a => a.IsOk);
        Assert.Equal(TeamRole.Member, (await host.Get<TeamService>().GetAsync(guest, team.Slug, default)).Value!.Role);
        Assert.Equal(InvitationState.Accepted, (await host.Get<InvitationService>().SentAsync(owner, team.Slug, new PageRequest(), default)).Value!.Items.Single().State);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D20")]
    public async Task Invitation_ByAnotherAddressOrAnUnconfirmedOne_IsRefused(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var guest = await host.SignedInAsync();
        var other = await host.SignedInAsync();
        var id = await InviteAsync(host, owner, team, guest.Email, TeamRole.Member);
        Assert.Equal(FailureKind.NotFound, (await host.Get<InvitationService>().AcceptAsync(other, id, People.Link, default)).Failure!.Kind);
        await using var db = await host.OpenAsync();
        await db.Users.Where(u => u.Id == guest.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.EmailConfirmed, false));
        Assert.Equal(FailureKind.NotFound, (await host.Get<InvitationService>().AcceptAsync(guest, id, People.Link, default)).Failure!.Kind);
        Assert.Empty(await host.Get<InvitationService>().ReceivedAsync(guest, default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D20")]
    public async Task Link_OfAnUnknownAddress_IsFoundByWhoeverConfirmsItAndByNobodyElse(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var address = $"guest-{Guid.NewGuid():N}@example.org";
        await InviteAsync(host, owner, team, address, TeamRole.Viewer);
        var token = People.TokenIn(await host.LastMailAsync(address));
        Assert.Equal("invitations.wrong_account", (await host.Get<InvitationService>().FindAsync(await host.SignedInAsync(), token, default)).Failure!.Code);
        var guest = await host.SignedInAsync(address);
        for (var i = 0; i < 50; i++) // as mail scanners do
        {
            Assert.Equal(team.Slug, (await host.Get<InvitationService>().FindAsync(guest, token, default)).Value!.TeamSlug);
        }

        var received = Assert.Single(await host.Get<InvitationService>().ReceivedAsync(guest, default));
        Assert.True((await host.Get<InvitationService>().AcceptAsync(guest, received.Id, People.Link, default)).IsOk);
        Assert.Contains(People.Link($"/t/{team.Slug}/members").ToString(), await host.LastMailAsync(owner.Email));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D20")]
    public async Task Invitation_AfterSevenDays_OrRevoked_OrReplaced_IsOver(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var guest = await host.SignedInAsync();
        var first = await InviteAsync(host, owner, team, guest.Email, TeamRole.Member);
        var second = await InviteAsync(host, owner, team, guest.Email, TeamRole.Viewer);
        Assert.Equal("invitations.over", (await host.Get<InvitationService>().AcceptAsync(guest, first, People.Link, default)).Failure!.Code);
        host.Clock.Advance(TimeSpan.FromDays(7));
        Assert.Equal("invitations.over", (await host.Get<InvitationService>().AcceptAsync(guest, second, People.Link, default)).Failure!.Code);
        Assert.True((await host.Get<InvitationService>().ResendAsync(owner, team.Slug, second, People.Link, default)).IsOk);
        var third = (await host.Get<InvitationService>().ReceivedAsync(guest, default))[0].Id;
        Assert.True((await host.Get<InvitationService>().RevokeAsync(owner, team.Slug, third, default)).IsOk);
        Assert.Equal("invitations.over", (await host.Get<InvitationService>().AcceptAsync(guest, third, People.Link, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D20")]
    public async Task Decline_OfAnInvitation_EndsItAndTellsTheInviter(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var guest = await host.SignedInAsync();
        var id = await InviteAsync(host, owner, team, guest.Email, TeamRole.Member);
        Assert.True((await host.Get<InvitationService>().DeclineAsync(guest, id, People.Link, default)).IsOk);
        Assert.False((await host.Get<InvitationService>().AcceptAsync(guest, id, People.Link, default)).IsOk);
        Assert.Contains("declined", await host.LastMailAsync(owner.Email));
    }

    [Theory, EveryDatabase]
    public async Task Invitation_OfAnInviterWhoWasRemovedOrDemoted_IsVoid(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var admin = await host.SignedInAsync();
        await host.JoinAsync(team.Id, admin.UserId, TeamRole.Admin);
        var guest = await host.SignedInAsync();
        var id = await InviteAsync(host, admin, team, guest.Email, TeamRole.Admin);
        Assert.True((await host.Get<MembershipService>().ChangeRoleAsync(owner, team.Slug, admin.UserId, TeamRole.Member, People.Link, default)).IsOk);
        Assert.Equal("invitations.over", (await host.Get<InvitationService>().AcceptAsync(guest, id, People.Link, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Invitation_AsOwner_OfWhoIsNoOwnerAnyMore_IsTakenBackInTheList(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (service, members) = (host.Get<InvitationService>(), host.Get<MembershipService>());
        foreach (var how in new[] { "transferred", "demoted", "removed" })
        {
            var (owner, team) = await TeamAsync(host);
            var next = await host.SignedInAsync();
            await host.JoinAsync(team.Id, next.UserId, how == "transferred" ? TeamRole.Admin : TeamRole.Owner);
            var (asOwner, asMember) = (await host.SignedInAsync(), await host.SignedInAsync());
            await InviteAsync(host, owner, team, asOwner.Email, TeamRole.Owner);
            await InviteAsync(host, owner, team, asMember.Email, TeamRole.Member);
            Assert.True((how switch
            {
                "transferred" => await members.TransferAsync(owner, team.Slug, next.UserId, People.Link, default),
                "demoted" => await members.ChangeRoleAsync(next, team.Slug, owner.UserId, TeamRole.Admin, People.Link, default),
                _ => await members.RemoveAsync(next, team.Slug, owner.UserId, People.Link, default),
            }).IsOk);

            // An admin may still invite members; who is gone has no open invitation at all.
            var sent = (await service.SentAsync(next, team.Slug, new PageRequest(), default)).Value!.Items.ToDictionary(i => i.Email, i => i.State);
            Assert.Equal((how, InvitationState.Revoked), (how, sent[asOwner.Email]));
            Assert.Equal((how, how == "removed" ? InvitationState.Revoked : InvitationState.Pending), (how, sent[asMember.Email]));
        }
    }

    [Theory, EveryDatabase]
    public async Task Invite_AboveTheOwnRoleOrWithoutThePermission_IsRefused(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (_, team) = await TeamAsync(host);
        var admin = await host.SignedInAsync();
        var member = await host.SignedInAsync();
        await host.JoinAsync(team.Id, admin.UserId, TeamRole.Admin);
        await host.JoinAsync(team.Id, member.UserId, TeamRole.Member);
        var service = host.Get<InvitationService>();
        Assert.Equal("teams.role_too_high", (await service.InviteAsync(admin, team.Slug, "a@example.org", TeamRole.Owner, People.Link, default)).Failure!.Code);
        Assert.Equal(FailureKind.Forbidden, (await service.InviteAsync(member, team.Slug, "a@example.org", TeamRole.Viewer, People.Link, default)).Failure!.Kind);
        Assert.Equal(FailureKind.NotFound, (await service.InviteAsync(await host.SignedInAsync(), team.Slug, "a@example.org", TeamRole.Viewer, People.Link, default)).Failure!.Kind);
        Assert.Equal("teams.already_member", (await service.InviteAsync(admin, team.Slug, member.Email, TeamRole.Viewer, People.Link, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task Invite_BeyondTwentyAnHour_IsRefused(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        for (var i = 0; i < 20; i++)
        {
            Assert.True((await host.Get<InvitationService>().InviteAsync(owner, team.Slug, $"many{i}@example.org", TeamRole.Viewer, People.Link, default)).IsOk);
        }

        Assert.Equal(FailureKind.TooMany, (await host.Get<InvitationService>().InviteAsync(owner, team.Slug, "many20@example.org", TeamRole.Viewer, People.Link, default)).Failure!.Kind);
    }

    private static async Task<(Actor Owner, TeamSummary Team)> TeamAsync(CoreHost host)
    {
        var owner = await host.SignedInAsync();
        return (owner, (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!);
    }

    private static async Task<Guid> InviteAsync(CoreHost host, Actor actor, TeamSummary team, string email, TeamRole role)
    {
        var sent = await host.Get<InvitationService>().InviteAsync(actor, team.Slug, email, role, People.Link, default);
        Assert.True(sent.IsOk, sent.Failure?.Code);
        await using var db = await host.OpenAsync();
        return await db.TeamInvitations.Where(i => i.TeamId == team.Id && i.State == InvitationState.Pending && i.Email == email).Select(i => i.Id).SingleAsync();
    }
}
