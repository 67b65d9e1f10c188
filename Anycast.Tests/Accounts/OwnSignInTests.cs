using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Accounts;

/// <summary>What the security page says of sign-ins (K5): each session sees its own, and the one before it.</summary>
public sealed class OwnSignInTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("D21")]
    public async Task SignIns_OfASession_AreItsOwnAndTheOneBefore_WhateverCameLater(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        var first = await SignInAsync(host, user, "192.0.2.1", "Firefox on Linux");
        Assert.Null((await Facts(host, first)).Before);

        host.Clock.Advance(TimeSpan.FromMinutes(5));
        var mine = await SignInAsync(host, user, "192.0.2.2", "Firefox on Linux");
        var mineAt = host.Clock.GetUtcNow();
        host.Clock.Advance(TimeSpan.FromSeconds(65));
        var intruder = await SignInAsync(host, user, "203.0.113.9", "Chrome on Windows");

        var seen = await Facts(host, mine);
        Assert.Equal(new PastSignIn(mineAt, "192.0.2.2"), seen.This);
        Assert.Equal(new PastSignIn(mineAt - TimeSpan.FromMinutes(5), "192.0.2.1"), seen.Before);
        Assert.Equal(new PastSignIn(mineAt, "192.0.2.2"), (await Facts(host, intruder)).Before);

        // The session before may have ended: it was a sign-in all the same.
        Assert.True((await host.Get<SessionService>().RevokeAsync(mine, first.SessionId!.Value, default)).IsOk);
        Assert.Equal("192.0.2.1", (await Facts(host, mine)).Before!.Ip);
    }

    private static async Task<OwnSignIns> Facts(CoreHost host, Actor actor) => (await host.Get<SessionService>().SignInsAsync(actor, default)).Value!;

    private static async Task<Actor> SignInAsync(CoreHost host, User user, string ip, string device)
    {
        var done = await host.Get<SignInService>().PasswordAsync(user.Email!, CoreHost.Password, ip, device, default);
        Assert.True(done.Value?.IsComplete, done.Failure?.Code);
        return await host.WithSessionAsync(ActorFactory.For(user, ip: ip, device: device));
    }
}
