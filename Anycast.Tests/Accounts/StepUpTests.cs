using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Accounts;

/// <summary>Sensitive acts want a proof of the last 15 minutes, on the session that acts (T20); sessions are listed and ended (D23).</summary>
public sealed class StepUpTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    public async Task Proof_OlderThanFifteenMinutes_IsAskedForAgain(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var stepUp = host.Get<StepUpService>();
        host.Clock.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));
        Assert.True((await stepUp.RequireAsync(actor, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("accounts.step_up", (await stepUp.RequireAsync(actor, default)).Failure!.Code);

        Assert.Equal("accounts.password_wrong", (await stepUp.ProveAsync(actor, "not the password", default)).Failure!.Code);
        Assert.False((await stepUp.RequireAsync(actor, default)).IsOk);
        Assert.True((await stepUp.ProveAsync(actor, CoreHost.Password, default)).IsOk);
        Assert.True((await stepUp.RequireAsync(actor, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Proof_OfOneSession_DoesNotCountForAnother(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var first = await host.SignedInAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(20));
        var second = await host.WithSessionAsync(first);
        Assert.True((await host.Get<StepUpService>().RequireAsync(second, default)).IsOk);
        Assert.False((await host.Get<StepUpService>().RequireAsync(first, default)).IsOk);
        Assert.False((await host.Get<StepUpService>().RequireAsync(first with { SessionId = null }, default)).IsOk);
        Assert.False((await host.Get<StepUpService>().RequireAsync(await host.ActorAsync() with { SessionId = second.SessionId }, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Proof_WithASecondFactor_IsItsCodeNotThePassword(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.False((await host.Get<StepUpService>().ProveAsync(actor, CoreHost.Password, default)).IsOk);
        Assert.True((await host.Get<StepUpService>().ProveAsync(actor, People.Code(secret, host.Clock.GetUtcNow()), default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Rekey_OfASession_VoidsTheOldKeyAndKeepsTheSession(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var sessions = host.Get<SessionService>();
        var id = Ids.New(host.Clock);
        var oldKey = await sessions.OpenAsync(id, actor.UserId, [1], null, "", default);
        var newKey = await sessions.RekeyAsync(id, [2], default);
        Assert.Null(await sessions.FindAsync(oldKey, default));
        Assert.Equal(id, (await sessions.FindAsync(newKey!, default))!.Id);
        Assert.True(await sessions.IsAliveAsync(id, default));
        await sessions.RevokeAsync(actor, id, default);
        Assert.Null(await sessions.RekeyAsync(id, [3], default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("D23")]
    public async Task Revoke_OfOthers_LeavesOnlyTheOneThatAsks(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var here = await host.SignedInAsync();
        var there = await host.WithSessionAsync(here with { Device = "Safari, iOS", Ip = "203.0.113.9" });
        var stranger = await host.SignedInAsync();
        var sessions = host.Get<SessionService>();
        Assert.Contains(await sessions.ListAsync(here, default), s => s is { Device: "Safari, iOS", Ip: "203.0.113.9" } && s.Id == there.SessionId);
        Assert.Equal(FailureKind.NotFound, (await sessions.RevokeAsync(stranger, there.SessionId!.Value, default)).Failure!.Kind);
        Assert.Equal(1, (await sessions.RevokeOthersAsync(here, default)).Value);
        Assert.False(await sessions.IsAliveAsync(there.SessionId.Value, default));
        Assert.True(await sessions.IsAliveAsync(here.SessionId!.Value, default));
        Assert.True(await sessions.IsAliveAsync(stranger.SessionId!.Value, default));
    }
}
