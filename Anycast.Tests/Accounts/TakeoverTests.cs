using System.Text.Json;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.EmailChange;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>An account that somebody took with a password they knew: what they added lets them in no more once its owner takes it back (T17, T20).</summary>
public sealed class TakeoverTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private const string NewPassword = "nine quiet harbours, one tram";

    [Theory, EveryDatabase]
    [PolicyClause("D01", "R02")]
    public async Task Undo_AfterAnIntruderMadeWaysIn_ClosesThemAllAndLetsTheOwnerIn(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.ActorAsync();
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Team of " + owner.Email, default)).Value!;
        var intruder = await host.WithSessionAsync(owner);
        var (undo, wanted) = await ChangeAddressAsync(host, intruder);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var backdoor = Key();
        Assert.True((await host.Get<PasskeyService>().AddAsync(intruder, backdoor, "Backdoor", People.Link, default)).IsOk);
        await host.TurnOnSecondFactorAsync(intruder);
        var token = (await host.Get<ApiTokenService>().CreateAsync(intruder, team.Slug, "Siphon", ApiScopes.Read, default)).Value!.Secret;
        var pin = (await host.Get<PinService>().SendAsync(wanted, "192.0.2.66", People.Link, default)).Value!;
        var code = PinIn(await host.LastMailAsync(wanted));

        Assert.True((await host.Get<EmailChangeService>().UndoAsync(undo, People.Link, default)).IsOk);

        Assert.False((await host.Get<ApiTokenService>().AuthenticateAsync(token, "192.0.2.66", null, default)).IsOk);
        Assert.False((await host.Get<PasskeyService>().SignInAsync(owner.UserId, backdoor, "192.0.2.66", null, default)).IsOk);
        Assert.False((await host.Get<SignInService>().PinAsync(pin, code, "192.0.2.66", null, default)).IsOk);
        Assert.False((await host.Get<SignInService>().PasswordAsync(owner.Email, CoreHost.Password, "192.0.2.66", null, default)).IsOk); // They know it.
        Assert.Equal(new SecondFactorStatus(null, 0, false), await host.Get<SecondFactorService>().StatusAsync(owner, default));

        var mail = await host.LastMailAsync(owner.Email);
        Assert.Contains("“Backdoor”", mail, StringComparison.Ordinal);
        Assert.Contains("“Siphon”", mail, StringComparison.Ordinal);
        Assert.Contains("authenticator app", mail, StringComparison.Ordinal);
        Assert.True((await host.Get<AccountService>().ResetPasswordAsync(People.TokenIn(mail), NewPassword, People.Link, default)).IsOk);
        Assert.True((await host.Get<SignInService>().PasswordAsync(owner.Email, NewPassword, "192.0.2.67", null, default)).Value!.IsComplete);
    }

    [Theory, EveryDatabase]
    public async Task Undo_ReachesBackToTheSignInThatAskedButNoFurtherThanADay(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.SignedInAsync();
        var (own, backdoor) = (Key(), Key());
        Assert.True((await host.Get<PasskeyService>().AddAsync(owner, own, "Laptop", People.Link, default)).IsOk);
        host.Clock.Advance(AccountsOptions.EmailUndoReach);
        await using (var db = await host.OpenAsync())
        {
            var now = host.Clock.GetUtcNow();
            await db.Sessions.Where(s => s.Id == owner.SessionId).ExecuteUpdateAsync(s => s.SetProperty(x => x.ProvenAt, now)); // The same session still: a stolen one, say.
        }

        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await host.Get<PasskeyService>().AddAsync(owner, backdoor, "Backdoor", People.Link, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var (undo, _) = await ChangeAddressAsync(host, owner);
        Assert.True((await host.Get<EmailChangeService>().UndoAsync(undo, People.Link, default)).IsOk);
        Assert.False((await host.Get<PasskeyService>().SignInAsync(owner.UserId, backdoor, "192.0.2.66", null, default)).IsOk);
        Assert.True((await host.Get<PasskeyService>().SignInAsync(owner.UserId, own, "192.0.2.66", null, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Undo_LeavesWhatTheOwnerHadAndSaysSo(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var owner = await host.SignedInAsync();
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Team of " + owner.Email, default)).Value!;
        var own = Key();
        Assert.True((await host.Get<PasskeyService>().AddAsync(owner, own, "Laptop", People.Link, default)).IsOk);
        var token = (await host.Get<ApiTokenService>().CreateAsync(owner, team.Slug, "Deploys", ApiScopes.Read, default)).Value!.Secret;
        host.Clock.Advance(TimeSpan.FromDays(3));
        var (undo, _) = await ChangeAddressAsync(host, await host.WithSessionAsync(owner));
        Assert.True((await host.Get<EmailChangeService>().UndoAsync(undo, People.Link, default)).IsOk);
        Assert.True((await host.Get<ApiTokenService>().AuthenticateAsync(token, "192.0.2.68", null, default)).IsOk);
        Assert.True((await host.Get<PasskeyService>().SignInAsync(owner.UserId, own, "192.0.2.68", null, default)).IsOk);
        var mail = await host.LastMailAsync(owner.Email);
        Assert.Contains("“Laptop”", mail, StringComparison.Ordinal);
        Assert.Contains("“Deploys”", mail, StringComparison.Ordinal);
        Assert.DoesNotContain("Removed", mail, StringComparison.Ordinal);
    }

    [Theory, EveryDatabase]
    public async Task Reset_ByMail_NamesWhatLivesOnAndKeepsTheSecondFactor(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var team = (await host.Get<TeamService>().CreateAsync(actor, "Team of " + actor.Email, default)).Value!;
        Assert.True((await host.Get<PasskeyService>().AddAsync(actor, Key(), "Phone", People.Link, default)).IsOk);
        Assert.True((await host.Get<ApiTokenService>().CreateAsync(actor, team.Slug, "Nightly", ApiScopes.Read, default)).IsOk);
        await ResetAsync(host, actor);
        var mail = await host.LastMailAsync(actor.Email);
        Assert.Contains("“Phone”", mail, StringComparison.Ordinal);
        Assert.Contains("“Nightly”", mail, StringComparison.Ordinal);
        Assert.Contains("https://anycast.test/me/security", mail, StringComparison.Ordinal);
        Assert.False((await host.Get<SignInService>().PasswordAsync(actor.Email, NewPassword, "192.0.2.69", null, default)).Value!.IsComplete);
    }

    [Theory, EveryDatabase]
    public async Task Reset_ByMail_EndsCodesAndChangesThatWereOnTheirWay(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var wanted = "thief-" + actor.Email;
        await host.Get<EmailChangeService>().RequestAsync(actor, wanted, People.Link, default);
        var change = People.TokenIn(await host.LastMailAsync(wanted));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var pin = (await host.Get<PinService>().SendAsync(actor.Email, "192.0.2.70", People.Link, default)).Value!;
        var code = PinIn(await host.LastMailAsync(actor.Email));
        await ResetAsync(host, actor);
        Assert.False((await host.Get<SignInService>().PinAsync(pin, code, "192.0.2.70", null, default)).IsOk);
        Assert.Equal("accounts.link_invalid", (await host.Get<EmailChangeService>().ConfirmAsync(change, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Change_OfThePassword_EndsCodesAndResetLinksThatWereOnTheirWay(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        await host.Get<AccountService>().ForgotPasswordAsync(actor.Email, "192.0.2.71", People.Link, default);
        var reset = People.TokenIn(await host.LastMailAsync(actor.Email));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var pin = (await host.Get<PinService>().SendAsync(actor.Email, "192.0.2.71", People.Link, default)).Value!;
        var code = PinIn(await host.LastMailAsync(actor.Email));
        Assert.True((await host.Get<AccountService>().ChangePasswordAsync(actor, CoreHost.Password, NewPassword, People.Link, default)).IsOk);
        Assert.False((await host.Get<SignInService>().PinAsync(pin, code, "192.0.2.71", null, default)).IsOk);
        Assert.Equal("accounts.link_invalid", (await host.Get<AccountService>().ResetPasswordAsync(reset, "yet another sentence here", People.Link, default)).Failure!.Code);
    }

    private static async Task<(string Undo, string Wanted)> ChangeAddressAsync(CoreHost host, Actor actor)
    {
        var wanted = "thief-" + actor.Email;
        Assert.True((await host.Get<EmailChangeService>().RequestAsync(actor, wanted, People.Link, default)).IsOk);
        var undo = People.TokenIn(await host.LastMailAsync(actor.Email));
        Assert.True((await host.Get<EmailChangeService>().ConfirmAsync(People.TokenIn(await host.LastMailAsync(wanted)), default)).IsOk);
        host.Clock.Advance(TimeSpan.FromSeconds(1)); // So that the next mail is the newest.
        return (undo, wanted);
    }

    private static async Task ResetAsync(CoreHost host, Actor actor)
    {
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await host.Get<AccountService>().ForgotPasswordAsync(actor.Email, "192.0.2.72", People.Link, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await host.Get<AccountService>().ResetPasswordAsync(People.TokenIn(await host.LastMailAsync(actor.Email)), NewPassword, People.Link, default)).IsOk);
    }

    private static string PinIn(string mail) => System.Text.RegularExpressions.Regex.Match(mail, @"\b\d{6}\b").Value;

    private static UserPasskeyInfo Key() => new(Guid.NewGuid().ToByteArray(), [1, 2, 3], DateTimeOffset.UnixEpoch, 0, ["internal"], true, true, false, [4], JsonSerializer.SerializeToUtf8Bytes(new { }));
}
