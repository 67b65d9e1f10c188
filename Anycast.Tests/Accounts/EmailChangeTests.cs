using Anycast.Core.Accounts;
using Anycast.Core.Accounts.EmailChange;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Accounts;

/// <summary>A new address holds once it is confirmed from its own mailbox, and the old mailbox can undo it (D01, R02).</summary>
public sealed class EmailChangeTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("D01", "R02")]
    public async Task Change_BeforeItIsConfirmed_LeavesTheOldAddressAndAfterwardsTheNew(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var wanted = "new-" + actor.Email;
        var changes = host.Get<EmailChangeService>();
        Assert.True((await changes.RequestAsync(actor, wanted, People.Link, default)).IsOk);
        Assert.True(await SignsInAsync(host, actor.Email));
        Assert.False(await SignsInAsync(host, wanted));
        Assert.Equal(wanted, await changes.PendingAsync(actor, default));

        var token = People.TokenIn(await host.LastMailAsync(wanted));
        Assert.True((await changes.ConfirmAsync(token, default)).IsOk);
        Assert.True((await changes.ConfirmAsync(token, default)).IsOk); // Opened again: it is as it was wanted.
        Assert.Null(await changes.PendingAsync(actor, default));
        Assert.True(await SignsInAsync(host, wanted));
        Assert.False(await SignsInAsync(host, actor.Email));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D01")]
    public async Task Undo_FromTheOldMailbox_RestoresItAndEndsAllSessions(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var wanted = "thief-" + actor.Email;
        var changes = host.Get<EmailChangeService>();
        await changes.RequestAsync(actor, wanted, People.Link, default);
        var undo = People.TokenIn(await host.LastMailAsync(actor.Email));
        Assert.True((await changes.ConfirmAsync(People.TokenIn(await host.LastMailAsync(wanted)), default)).IsOk);
        host.Clock.Advance(TimeSpan.FromDays(6));
        Assert.True((await changes.UndoAsync(undo, People.Link, default)).IsOk);
        Assert.Equal(actor.Email, (await host.Get<AccountService>().GetAsync(actor, default)).Value!.Email);
        Assert.False(await host.Get<SessionService>().IsAliveAsync(actor.SessionId!.Value, default));
        Assert.Contains("/account/reset?token=", await host.LastMailAsync(actor.Email));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D01")]
    public async Task Undo_AfterASecondChange_StillRestoresTheFirstAddress(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var changes = host.Get<EmailChangeService>();
        var (one, two) = ("thief1-" + actor.Email, "thief2-" + actor.Email);
        await changes.RequestAsync(actor, one, People.Link, default);
        var undo = People.TokenIn(await host.LastMailAsync(actor.Email));
        Assert.True((await changes.ConfirmAsync(People.TokenIn(await host.LastMailAsync(one)), default)).IsOk);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await changes.RequestAsync(actor, two, People.Link, default);
        var undoOfTheThief = People.TokenIn(await host.LastMailAsync(one));
        Assert.True((await changes.ConfirmAsync(People.TokenIn(await host.LastMailAsync(two)), default)).IsOk);

        // And they sit on the address, whose mailbox they do not have.
        var squatter = new Registration(actor.Email, "Squatter", "another long password", "en", host.Get<Core.Accounts.Terms.TermsService>().Current);
        Assert.True((await host.Get<AccountService>().RegisterAsync(squatter, "192.0.2.77", People.Link, default)).IsOk);

        Assert.True((await changes.UndoAsync(undo, People.Link, default)).IsOk);
        Assert.Equal(actor.Email, (await host.Get<AccountService>().GetAsync(actor, default)).Value!.Email);
        Assert.Equal("accounts.link_invalid", (await changes.UndoAsync(undoOfTheThief, People.Link, default)).Failure!.Code);
        Assert.Equal("accounts.link_invalid", (await changes.UndoAsync(undo, People.Link, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Change_ToATakenAddress_IsForThePageAndTheOldMailboxLikeAnyOther(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var changes = host.Get<EmailChangeService>();
        var other = await host.ActorAsync();
        foreach (var wanted in new[] { other.Email, "free-" + other.Email })
        {
            var actor = await host.SignedInAsync();
            Assert.True((await changes.RequestAsync(actor, wanted, People.Link, default)).IsOk);
            Assert.Equal(wanted, await changes.PendingAsync(actor, default));
            Assert.Contains("/account/undo-address?token=", await host.LastMailAsync(actor.Email));
            host.Clock.Advance(TimeSpan.FromHours(24));
            Assert.Null(await changes.PendingAsync(actor, default));
        }
    }

    [Theory, EveryDatabase]
    public async Task Change_ToATakenAddress_LooksTheSameAndTellsItsOwner(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var other = await host.ActorAsync();
        Assert.True((await host.Get<EmailChangeService>().RequestAsync(actor, other.Email.ToUpperInvariant(), People.Link, default)).IsOk);
        Assert.Contains("for another account", await host.LastMailAsync(other.Email));
    }

    [Theory, EveryDatabase]
    public async Task Change_ToAnAddressThatRegistersMeanwhile_IsRefusedWithoutSayingWhy(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var wanted = "race-" + actor.Email;
        await host.Get<EmailChangeService>().RequestAsync(actor, wanted, People.Link, default);
        var token = People.TokenIn(await host.LastMailAsync(wanted));
        await host.UserAsync(wanted);
        Assert.Equal("accounts.link_invalid", (await host.Get<EmailChangeService>().ConfirmAsync(token, default)).Failure!.Code);
        Assert.Equal(actor.Email, (await host.Get<AccountService>().GetAsync(actor, default)).Value!.Email);
    }

    [Theory, EveryDatabase]
    public async Task Change_AfterADayOrWithoutAFreshProof_IsRefused(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var wanted = "late-" + actor.Email;
        await host.Get<EmailChangeService>().RequestAsync(actor, wanted, People.Link, default);
        var token = People.TokenIn(await host.LastMailAsync(wanted));
        host.Clock.Advance(TimeSpan.FromHours(24));
        Assert.Equal("accounts.link_invalid", (await host.Get<EmailChangeService>().ConfirmAsync(token, default)).Failure!.Code);
        Assert.Equal("accounts.step_up", (await host.Get<EmailChangeService>().RequestAsync(actor, wanted, People.Link, default)).Failure!.Code);
    }

    private static async Task<bool> SignsInAsync(CoreHost host, string email) =>
        (await host.Get<SignInService>().PasswordAsync(email, CoreHost.Password, "192.0.2.60", null, default)).IsOk;
}
