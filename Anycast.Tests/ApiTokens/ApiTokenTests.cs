using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Notifications;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.ApiTokens;

/// <summary>API tokens (D22, S05, K05): shown once, stored hashed, for one team and its scopes, 30 days to the second.</summary>
public sealed class ApiTokenTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Fact]
    public void Format_OfAToken_RefusesEveryTypedError()
    {
        const string alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        var token = TokenFormat.New();
        Assert.Matches($"^{TokenFormat.Pattern}$", token);
        Assert.True(TokenFormat.IsWellFormed(token));
        for (var at = TokenFormat.Prefix.Length; at < token.Length; at++)
        {
            Assert.DoesNotContain(alphabet, c => c != token[at] && TokenFormat.IsWellFormed(token[..at] + c + token[(at + 1)..]));
        }

        Assert.DoesNotContain(["", "anycast_", token + "0", token[1..], token.ToUpperInvariant()], TokenFormat.IsWellFormed);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D22")]
    public async Task Token_WhenMade_ActsForItsOwnerAndIsStoredAsAHash(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var made = await MakeAsync(host, owner, team.Slug, ApiScopes.Read);
        var actor = (await AuthenticateAsync(host, made.Secret)).Value!;
        Assert.Equal((ActorKind.ApiToken, owner.UserId, team.Id, ApiScopes.Read), (actor.Kind, actor.UserId, actor.TokenTeamId!.Value, actor.Scopes));
        await using var db = await host.OpenAsync();
        var row = await db.ApiTokens.SingleAsync(t => t.Id == made.Id);
        Assert.Equal(Ids.Hash(made.Secret), row.Hash);
        Assert.Equal(host.Clock.GetUtcNow(), row.LastUsedAt);
        var listed = Assert.Single(await host.Get<ApiTokenService>().ListAsync(owner, default));
        Assert.Equal(made.Secret[^4..], listed.Ending);

        Assert.True((await host.Get<ApiTokenService>().RevokeAsync(owner, made.Id, default)).IsOk);
        Assert.Equal("token_invalid", (await AuthenticateAsync(host, made.Secret)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("S05", "K05")]
    public async Task Token_AfterThirtyDays_HasExpiredToTheSecondAndIsDeletedWithinADay(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var made = await MakeAsync(host, owner, team.Slug, ApiScopes.Read);
        host.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.True((await AuthenticateAsync(host, made.Secret)).IsOk);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("token_expired", (await AuthenticateAsync(host, made.Secret)).Failure!.Code);
        await host.Get<ApiTokenJob>().RunAsync(default);
        await using var db = await host.OpenAsync();
        Assert.False(await db.ApiTokens.AnyAsync());
    }

    [Theory, EveryDatabase]
    [PolicyClause("S05", "D15")]
    public async Task Token_BeforeItEnds_IsWarnedOfSevenDaysAndOneDayBeforeOnceEach(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var (owner, team) = await TeamAsync(host);
        await MakeAsync(host, owner, team.Slug, ApiScopes.Read);
        async Task<(int Unread, int Mails)> AfterAsync(TimeSpan time)
        {
            host.Clock.Advance(time);
            await host.Get<ApiTokenJob>().RunAsync(default);
            await host.Get<ApiTokenJob>().RunAsync(default);
            await using var db = await host.OpenAsync();
            return (await host.Get<NotificationService>().UnreadAsync(owner, default), await db.OutboxMails.CountAsync(m => m.UserId == owner.UserId));
        }

        Assert.Equal((0, 0), await AfterAsync(TimeSpan.FromDays(23) - TimeSpan.FromSeconds(1)));
        Assert.Equal((1, 1), await AfterAsync(TimeSpan.FromSeconds(1)));
        Assert.Equal((1, 1), await AfterAsync(TimeSpan.FromDays(6) - TimeSpan.FromSeconds(1)));
        Assert.Equal((2, 2), await AfterAsync(TimeSpan.FromSeconds(1)));
        Assert.Contains("stops working", await host.LastMailAsync(owner.Email));
    }

    [Theory, EveryDatabase]
    public async Task Token_InAnotherTeamOrBeyondItsScopes_IsRefused(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var other = (await host.Get<TeamService>().CreateAsync(owner, "Another", default)).Value!;
        var token = (await AuthenticateAsync(host, (await MakeAsync(host, owner, team.Slug, ApiScopes.Read)).Secret)).Value!;
        var access = host.Get<TeamAccess>();
        Assert.True((await access.AuthorizeAsync(token, team.Slug, Permission.TeamView, default)).IsOk);
        Assert.Equal(FailureKind.NotFound, (await access.AuthorizeAsync(token, other.Slug, Permission.TeamView, default)).Failure!.Kind);
        Assert.Equal("tokens.scope_missing", (await access.AuthorizeAsync(token, team.Slug, Permission.TeamManage, default)).Failure!.Code);
        var all = (await AuthenticateAsync(host, (await MakeAsync(host, owner, team.Slug, ApiScopes.All)).Secret)).Value!;
        Assert.True((await access.AuthorizeAsync(all, team.Slug, Permission.TeamManage, default)).IsOk);
        Assert.False((await access.AuthorizeAsync(all, team.Slug, Permission.ProposalsApprove, default)).IsOk);
        Assert.False((await access.AuthorizeAsync(all, team.Slug, Permission.MembersManage, default)).IsOk);
        Assert.False((await host.Get<ApiTokenService>().CreateAsync(all, team.Slug, "child", ApiScopes.Read, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Token_OfARemovedOrBlockedOwner_IsWorthless(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        var member = await host.SignedInAsync();
        await host.JoinAsync(team.Id, member.UserId, TeamRole.Member);
        var made = await MakeAsync(host, member, team.Slug, ApiScopes.All);
        Assert.True((await host.Get<MembershipService>().RemoveAsync(owner, team.Slug, member.UserId, People.Link, default)).IsOk);
        var actor = (await AuthenticateAsync(host, made.Secret)).Value!;
        Assert.Equal(FailureKind.NotFound, (await host.Get<TeamAccess>().AuthorizeAsync(actor, team.Slug, Permission.TeamView, default)).Failure!.Kind);
        await using var db = await host.OpenAsync();
        await db.Users.Where(u => u.Id == member.UserId).ExecuteUpdateAsync(s => s.SetProperty(u => u.BlockedAt, host.Clock.GetUtcNow()));
        Assert.Equal("token_invalid", (await AuthenticateAsync(host, made.Secret)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Create_WithoutAFreshProof_AsksForOne(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (owner, team) = await TeamAsync(host);
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal("accounts.step_up", (await host.Get<ApiTokenService>().CreateAsync(owner, team.Slug, "x", ApiScopes.Read, default)).Failure!.Code);
    }

    private static async Task<(Actor Owner, TeamSummary Team)> TeamAsync(CoreHost host)
    {
        var owner = await host.SignedInAsync();
        return (owner, (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!);
    }

    private static async Task<NewApiToken> MakeAsync(CoreHost host, Actor actor, string team, ApiScopes scopes)
    {
        var made = await host.Get<ApiTokenService>().CreateAsync(actor, team, "deploy", scopes, default);
        Assert.True(made.IsOk, made.Failure?.Code);
        return made.Value;
    }

    private static Task<Outcome<Actor>> AuthenticateAsync(CoreHost host, string token) => host.Get<ApiTokenService>().AuthenticateAsync(token, "192.0.2.5", "curl", default);
}
