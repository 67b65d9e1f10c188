using System.Text.Json;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Passkeys;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;

namespace Anycast.Tests.Accounts;

/// <summary>Passkeys in Core: whose they are, and what follows from them (D07, T17). The signature itself is checked in the journey.</summary>
public sealed class PasskeyTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private static readonly Func<string, Uri> s_link = People.Link;

    [Theory, EveryDatabase]
    public async Task First_OfAnAccount_IsASecondFactorAndBringsRecoveryCodes(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var service = host.Get<PasskeyService>();
        var key = Key();
        var added = await service.AddAsync(actor, key, " Laptop ", s_link, default);
        Assert.Equal(10, added.Value!.Count);
        Assert.Equal("Laptop", Assert.Single(await service.ListAsync(actor, default)).Name);
        Assert.Contains("Laptop", await host.LastMailAsync(actor.Email), StringComparison.Ordinal);

        // The password alone is no longer enough; a recovery code or the passkey completes it.
        Assert.Equal(new StepUpWays(false, true, true, App: false), await host.Get<StepUpService>().WaysAsync(actor, default));
        var byPassword = await host.Get<SignInService>().PasswordAsync(actor.Email, CoreHost.Password, "192.0.2.20", null, default);
        Assert.False(byPassword.Value!.IsComplete);
        Assert.Equal(new StepUpWays(false, true, true, App: false), await host.Get<SignInService>().SecondFactorWaysAsync(byPassword.Value.SecondFactorSecret!, default));
        Assert.Equal("accounts.recovery_code_wrong", (await host.Get<SignInService>().SecondFactorAsync(byPassword.Value.SecondFactorSecret!, "123456", "192.0.2.20", null, default)).Failure!.Code);
        Assert.True((await host.Get<SignInService>().SecondFactorAsync(byPassword.Value.SecondFactorSecret!, added.Value[0], "192.0.2.20", null, default)).Value!.IsComplete);
        Assert.True((await service.SignInAsync(actor.UserId, key, "192.0.2.20", null, default)).Value!.IsComplete);
        Assert.Empty((await service.AddAsync(actor, Key(), "Phone", s_link, default)).Value!);
    }

    [Theory, EveryDatabase]
    public async Task Last_OfAnAccount_TakesTheSecondFactorWithIt(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var service = host.Get<PasskeyService>();
        var key = Key();
        await service.AddAsync(actor, key, "Only", s_link, default);
        var id = (await service.ListAsync(actor, default)).Single().Id;
        Assert.True((await service.RenameAsync(actor, id, "Renamed", default)).IsOk);
        Assert.Equal("Renamed", (await service.ListAsync(actor, default)).Single().Name);
        Assert.True((await service.RemoveAsync(actor, id, s_link, default)).IsOk);
        Assert.Equal("accounts.passkey_wrong", (await service.SignInAsync(actor.UserId, key, null, null, default)).Failure!.Code);
        Assert.True((await host.Get<SignInService>().PasswordAsync(actor.Email, CoreHost.Password, "192.0.2.21", null, default)).Value!.IsComplete);
        Assert.Equal(new SecondFactorStatus(null, 0, false), await host.Get<SecondFactorService>().StatusAsync(actor, default));
    }

    [Theory, EveryDatabase]
    public async Task BesideAnApp_EachStaysWhenTheOtherGoes(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var service = host.Get<PasskeyService>();
        await service.AddAsync(actor, Key(), "Key", s_link, default);
        await host.TurnOnSecondFactorAsync(actor);
        Assert.True((await host.Get<SecondFactorService>().DisableAsync(actor, s_link, default)).IsOk);
        Assert.Equal(new SecondFactorStatus(null, 10, true), await host.Get<SecondFactorService>().StatusAsync(actor, default));
        Assert.False((await host.Get<SignInService>().PasswordAsync(actor.Email, CoreHost.Password, "192.0.2.22", null, default)).Value!.IsComplete);

        await host.TurnOnSecondFactorAsync(actor);
        await service.RemoveAsync(actor, (await service.ListAsync(actor, default)).Single().Id, s_link, default);
        Assert.False((await host.Get<SignInService>().PasswordAsync(actor.Email, CoreHost.Password, "192.0.2.22", null, default)).Value!.IsComplete);
    }

    [Theory, EveryDatabase]
    public async Task OfSomebodyElse_OrWithoutAFreshProof_NothingIsChanged(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (actor, other) = (await host.SignedInAsync(), await host.SignedInAsync());
        var service = host.Get<PasskeyService>();
        var key = Key();
        await service.AddAsync(actor, key, "Mine", s_link, default);
        var id = (await service.ListAsync(actor, default)).Single().Id;
        Assert.Equal(Failure.NotFound, (await service.RenameAsync(other, id, "Stolen", default)).Failure);
        Assert.Equal(Failure.NotFound, (await service.RemoveAsync(other, id, s_link, default)).Failure);
        Assert.Equal("accounts.passkey_known", (await service.AddAsync(other, key, "Copy", s_link, default)).Failure!.Code);
        Assert.Equal(Failure.Forbidden, (await service.ProveAsync(other, actor.UserId, key, default)).Failure);
        Assert.Equal(Failure.NotFound, (await service.RenameAsync(actor, "not base64url!", "X", default)).Failure);

        host.Clock.Advance(StepUpService.Lasts + TimeSpan.FromSeconds(1));
        Assert.Equal("accounts.step_up", (await service.AddAsync(actor, Key(), "Late", s_link, default)).Failure!.Code);
        Assert.Equal("accounts.step_up", (await service.RemoveAsync(actor, id, s_link, default)).Failure!.Code);
        Assert.True((await service.ProveAsync(actor, actor.UserId, key, default)).IsOk);
        Assert.True((await service.RemoveAsync(actor, id, s_link, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Challenge_TakenTwentyTimesAtOnce_IsGivenOnce_AndNotAfterFiveMinutes(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var challenges = host.Get<PasskeyChallenges>();
        var secret = (await challenges.KeepAsync("{}", "192.0.2.30", default)).Value!;
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => challenges.TakeAsync(secret, default))));
        Assert.Single(taken, "{}");
        var late = (await challenges.KeepAsync("{}", "192.0.2.30", default)).Value!;
        host.Clock.Advance(PasskeyChallenges.Lifetime);
        Assert.Null(await challenges.TakeAsync(late, default));
    }

    private static UserPasskeyInfo Key() => new(Guid.NewGuid().ToByteArray(), [1, 2, 3], DateTimeOffset.UnixEpoch, 0, ["internal"], true, true, false, [4], JsonSerializer.SerializeToUtf8Bytes(new { }));
}
