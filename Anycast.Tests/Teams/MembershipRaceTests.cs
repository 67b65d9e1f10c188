using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Teams;

/// <summary>Who wins when many act at once in a team (T15): an owner always stays, nobody rises by themselves, an invitation makes one member.</summary>
public sealed class MembershipRaceTests
{
    private delegate Task<Outcome> Act(MembershipService service, Actor self, Actor other, TeamSummary team);

    // What two owners may do at once, each unto the other or to themselves.
    private static readonly (string Name, Act Act)[] s_acts =
    [
        ("demotes the other", (s, self, other, team) => s.ChangeRoleAsync(self, team.Slug, other.UserId, TeamRole.Viewer, People.Link, default)),
        ("removes the other", (s, self, other, team) => s.RemoveAsync(self, team.Slug, other.UserId, People.Link, default)),
        ("leaves", (s, self, _, team) => s.LeaveAsync(self, team.Slug, default)),
        ("steps down", (s, self, _, team) => s.ChangeRoleAsync(self, team.Slug, self.UserId, TeamRole.Member, People.Link, default)),
        ("hands over", (s, self, other, team) => s.TransferAsync(self, team.Slug, other.UserId, People.Link, default)),
    ];

    [Theory, EveryDatabase]
    [PolicyClause("D11")]
    public Task Owners_WhoActUntoEachOtherAtOnce_LeaveAnOwner(TestProvider provider) => PairsAsync(provider, 50);

    [Theory, EveryDatabase]
    [Trait("Category", "Long")]
    public Task Owners_AThousandPairsAtOnce_LeaveAnOwner(TestProvider provider) => PairsAsync(provider, 1_000, $"1,000 pairs of owners who demote, remove, leave or hand over at once, {provider}");

    [Theory, EveryDatabase]
    public Task Members_WhoTryToRiseAtOnce_StayWhatTheyAre(TestProvider provider) => EscalateAsync(provider, 20);

    [Theory, EveryDatabase]
    [PolicyClause("D20")]
    public Task Invitation_AcceptedAtOnceInEveryWay_MakesOneMemberAtMost(TestProvider provider) => InvitationsAsync(provider, 10);

    [Theory, EveryDatabase]
    [Trait("Category", "Long")]
    public Task Invitation_AcceptedByAHundredAtOnceInEveryWay_MakesOneMemberAtMost(TestProvider provider) => InvitationsAsync(provider, 100, $"12 cases of an invitation that 100 accept at once, {provider}");

    private static async Task PairsAsync(TestProvider provider, int pairs, string? figure = null)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var service = host.Get<MembershipService>();
        var (ownerless, changed) = (new List<string>(), 0);
        for (var i = 0; i < pairs; i += 5)
        {
            // A few teams side by side, so that what holds for one lock holds among many.
            await Task.WhenAll(Enumerable.Range(i, Math.Min(5, pairs - i)).Select(async n =>
            {
                var (first, team) = await TeamAsync(host);
                var second = await MemberAsync(host, team, TeamRole.Owner);
                var (one, other) = (s_acts[n % 5], s_acts[n / 5 % 5]);
                var outcomes = await Task.WhenAll(Task.Run(() => one.Act(service, first, second, team)), Task.Run(() => other.Act(service, second, first, team)));
                Interlocked.Add(ref changed, outcomes.Count(o => o.IsOk));
                await using var db = await host.OpenAsync();
                if (!await db.Memberships.AnyAsync(m => m.TeamId == team.Id && m.Role == TeamRole.Owner))
                {
                    lock (ownerless)
                    {
                        ownerless.Add($"{one.Name} while the other {other.Name}");
                    }
                }
            }));
        }

        if (figure is not null)
        {
            FaultFigures.Record(figure, ("teams without an owner", ownerless.Count, "", 0), ("acts that took effect", changed, "", null));
        }

        Assert.Empty(ownerless);
        Assert.InRange(changed, pairs, (2 * pairs) - 1); // One of each pair at least, and never both of all.
    }

    private static async Task EscalateAsync(TestProvider provider, int times)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var service = host.Get<MembershipService>();
        var (owner, team) = await TeamAsync(host);
        foreach (var role in new[] { TeamRole.Viewer, TeamRole.Member, TeamRole.Admin })
        {
            var self = await MemberAsync(host, team, role);
            var friend = await MemberAsync(host, team, role);
            var tries = Enumerable.Range(0, times).SelectMany(_ => new Func<Task<Outcome>>[]
            {
                () => service.ChangeRoleAsync(self, team.Slug, self.UserId, TeamRole.Owner, People.Link, default),
                () => service.ChangeRoleAsync(self, team.Slug, friend.UserId, TeamRole.Owner, People.Link, default),
                () => service.ChangeRoleAsync(friend, team.Slug, self.UserId, role == TeamRole.Admin ? TeamRole.Owner : TeamRole.Admin, People.Link, default),
                () => service.TransferAsync(self, team.Slug, friend.UserId, People.Link, default),
                () => service.ChangeRoleAsync(self, team.Slug, self.UserId, (TeamRole)99, People.Link, default),
                () => service.RemoveAsync(self, team.Slug, owner.UserId, People.Link, default),
            });
            var outcomes = await Task.WhenAll(tries.Select(t => Task.Run(t)));
            Assert.DoesNotContain(outcomes, o => o.IsOk);
            await using var db = await host.OpenAsync();
            Assert.Equal(2, await db.Memberships.CountAsync(m => m.TeamId == team.Id && m.Role == role && (m.UserId == self.UserId || m.UserId == friend.UserId)));
        }

        await using var all = await host.OpenAsync();
        Assert.Equal(owner.UserId, (await all.Memberships.SingleAsync(m => m.TeamId == team.Id && m.Role == TeamRole.Owner)).UserId);
    }

    private static async Task InvitationsAsync(TestProvider provider, int parallel, string? figure = null)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (service, members) = (host.Get<InvitationService>(), host.Get<MembershipService>());
        var accepted = new List<(string Case, int Expected, int Found, int Members)>();
        async Task CaseAsync(string name, int expected, Func<Actor, TeamSummary, Actor, Guid, Task> before, Func<Actor, TeamSummary, Actor, Guid, Task<Outcome>>? meanwhile = null, bool either = false, int already = 0)
        {
            var (owner, team) = await TeamAsync(host);
            var guest = await host.SignedInAsync();
            var id = await InviteAsync(host, owner, team, guest.Email, TeamRole.Member);
            await before(owner, team, guest, id);
            var tries = Enumerable.Range(0, parallel).Select(_ => Task.Run(() => service.AcceptAsync(guest, id, People.Link, default))).ToList();
            var other = meanwhile is null ? null : Task.Run(() => meanwhile(owner, team, guest, id));
            var found = (await Task.WhenAll(tries)).Count(o => o.IsOk);
            if (other is not null)
            {
                await other;
            }

            await using var db = await host.OpenAsync();
            var rows = await db.Memberships.CountAsync(m => m.TeamId == team.Id && m.UserId == guest.UserId);
            accepted.Add((name, either ? found : expected, found, rows));
            Assert.True(found <= 1 && (either || found == expected), $"{name}: {found} acceptances, {expected} expected");
            Assert.True(rows <= 1 && rows == found + already, $"{name}: {rows} memberships after {found} acceptances");
        }

        static Task Nothing(Actor owner, TeamSummary team, Actor guest, Guid id) => Task.CompletedTask;
        async Task SetGuestAsync(Actor guest, Action<Anycast.Core.Accounts.User> change)
        {
            await using var db = await host.OpenAsync();
            change(await db.Users.SingleAsync(u => u.Id == guest.UserId));
            await db.SaveChangesAsync();
        }

        await CaseAsync("by the invited one", 1, Nothing);
        await CaseAsync("after it was revoked", 0, async (owner, team, _, id) => Assert.True((await service.RevokeAsync(owner, team.Slug, id, default)).IsOk));
        await CaseAsync("after it was declined", 0, async (_, _, guest, id) => Assert.True((await service.DeclineAsync(guest, id, People.Link, default)).IsOk));
        await CaseAsync("after it was replaced", 0, async (owner, team, guest, _) => Assert.True((await service.InviteAsync(owner, team.Slug, guest.Email, TeamRole.Viewer, People.Link, default)).IsOk));
        await CaseAsync("after it was accepted once", 0, async (_, _, guest, id) => Assert.True((await service.AcceptAsync(guest, id, People.Link, default)).IsOk), already: 1);
        await CaseAsync("after acceptance and removal", 0, async (owner, team, guest, id) =>
        {
            Assert.True((await service.AcceptAsync(guest, id, People.Link, default)).IsOk);
            Assert.True((await members.RemoveAsync(owner, team.Slug, guest.UserId, People.Link, default)).IsOk);
        });
        await CaseAsync("by an address that is not confirmed", 0, (_, _, guest, _) => SetGuestAsync(guest, u => u.EmailConfirmed = false));
        await CaseAsync("by somebody who changed their address", 0, (_, _, guest, _) => SetGuestAsync(guest, u => (u.Email, u.NormalizedEmail) = ("other-" + u.Email, "OTHER-" + u.NormalizedEmail)));
        await CaseAsync("by a blocked account", 0, (_, _, guest, _) => SetGuestAsync(guest, u => u.BlockedAt = host.Clock.GetUtcNow()));
        await CaseAsync("after eight days", 0, async (_, _, _, id) =>
        {
            await using var db = await host.OpenAsync();
            await db.TeamInvitations.Where(i => i.Id == id).ExecuteUpdateAsync(s => s.SetProperty(i => i.ExpiresAt, host.Clock.GetUtcNow()));
        });
        await CaseAsync("while it is revoked", 1, Nothing, (owner, team, _, id) => service.RevokeAsync(owner, team.Slug, id, default), either: true);
        await CaseAsync("while it is declined", 1, Nothing, (_, _, guest, id) => service.DeclineAsync(guest, id, People.Link, default), either: true);
        Assert.Equal(12, accepted.Count);
        if (figure is not null)
        {
            FaultFigures.Record(figure, ("acceptances beyond one each, or where none is due", accepted.Sum(a => Math.Max(0, a.Found - a.Expected)), "", 0), ("memberships beyond one each", accepted.Sum(a => Math.Max(0, a.Members - 1)), "", 0));
        }
    }

    private static async Task<(Actor Owner, TeamSummary Team)> TeamAsync(CoreHost host)
    {
        var owner = await host.SignedInAsync($"owner-{Guid.NewGuid():N}@example.org");
        return (owner, (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!);
    }

    private static async Task<Actor> MemberAsync(CoreHost host, TeamSummary team, TeamRole role)
    {
        var actor = await host.SignedInAsync($"member-{Guid.NewGuid():N}@example.org");
        await host.JoinAsync(team.Id, actor.UserId, role);
        return actor;
    }

    private static async Task<Guid> InviteAsync(CoreHost host, Actor actor, TeamSummary team, string email, TeamRole role)
    {
        var sent = await host.Get<InvitationService>().InviteAsync(actor, team.Slug, email, role, People.Link, default);
        Assert.True(sent.IsOk, sent.Failure?.Code);
        await using var db = await host.OpenAsync();
        return await db.TeamInvitations.Where(i => i.TeamId == team.Id && i.State == InvitationState.Pending && i.Email == email).Select(i => i.Id).SingleAsync();
    }
}
