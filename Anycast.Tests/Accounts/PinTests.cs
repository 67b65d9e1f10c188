using System.Text.RegularExpressions;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Sign-in by a mailed PIN (K06): bound to the browser, once, ten minutes, five tries.</summary>
public sealed partial class PinTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("K06")]
    public async Task Pin_OfTheBrowserThatAsked_SignsInOnceAndIsGone(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var (secret, pin) = await SendAsync(host, actor);
        var done = await EnterAsync(host, secret, pin);
        Assert.True(done.IsOk && done.Value.IsComplete);
        await using var db = await host.OpenAsync();
        Assert.False(await db.SignInAttempts.AnyAsync(a => a.UserId == actor.UserId));
        Assert.Equal("accounts.pin_wrong", (await EnterAsync(host, secret, pin)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    [PolicyClause("K06")]
    public async Task Pin_EnteredManyTimesAtOnce_SignsInOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var (secret, pin) = await SendAsync(host, await host.ActorAsync());
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => EnterAsync(host, secret, pin, $"198.51.100.{i}"))));
        Assert.Single(answers, a => a.IsOk);
    }

    [Theory, EveryDatabase]
    [PolicyClause("K06")]
    public async Task Pin_AfterFiveWrongOnesOrTenMinutes_IsGone(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var (secret, pin) = await SendAsync(host, actor);
        for (var i = 0; i < 5; i++)
        {
            Assert.False((await EnterAsync(host, secret, pin == "123456" ? "654321" : "123456")).IsOk);
        }

        await using var db = await host.OpenAsync();
        Assert.False(await db.SignInAttempts.AnyAsync(a => a.UserId == actor.UserId));
        Assert.False((await EnterAsync(host, secret, pin)).IsOk);
        var refused = await db.ActivityEntries.SingleAsync(e => e.UserId == actor.UserId && e.Operation == "account.sign_in" && e.Result == ActivityResult.Refused);
        Assert.Equal((5, "192.0.2.50"), (refused.Count, refused.Ip)); // The owner sees that somebody guessed.

        (secret, pin) = await SendAsync(host, actor);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.False((await EnterAsync(host, secret, pin)).IsOk);
    }

    [Theory, EveryDatabase]
    [PolicyClause("K06")]
    public async Task Pin_InAnotherBrowserOrAfterANewOne_IsRefused(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var (first, firstPin) = await SendAsync(host, actor);
        Assert.False((await EnterAsync(host, Ids.Secret(), firstPin)).IsOk);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var (second, secondPin) = await SendAsync(host, actor);
        Assert.False((await EnterAsync(host, first, firstPin)).IsOk);
        Assert.True((await EnterAsync(host, second, secondPin)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Pin_OfAnUnknownAddress_LooksTheSameAndMailsNothing(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var sent = await host.Get<PinService>().SendAsync("nobody-at-all@example.org", "192.0.2.1", People.Link, default);
        Assert.True(sent.IsOk);
        Assert.Equal(43, sent.Value.Length);
        Assert.Equal("accounts.pin_wrong", (await EnterAsync(host, sent.Value, "123456")).Failure!.Code);
        await using var db = await host.OpenAsync();
        Assert.False(await db.OutboxMails.AnyAsync(m => m.ToAddress == "nobody-at-all@example.org"));
    }

    [Theory, EveryDatabase]
    public async Task Pin_WithASecondFactor_StillAsksForIt(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var (secret, pin) = await SendAsync(host, actor);
        var step = await EnterAsync(host, secret, pin);
        Assert.True(step.IsOk);
        Assert.False(step.Value.IsComplete);
    }

    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task Pins_BeyondFiveAnHour_AreNotMailed(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var pins = host.Get<PinService>();
        for (var i = 0; i < 5; i++)
        {
            Assert.True((await pins.SendAsync(actor.Email, "198.51.100.7", People.Link, default)).IsOk);
        }

        var sixth = await pins.SendAsync(actor.Email, "198.51.100.7", People.Link, default);
        Assert.Equal(FailureKind.TooMany, sixth.Failure!.Kind);
        Assert.NotNull(sixth.Failure.RetryAfter);

        // That was a stranger; the owner, elsewhere, gets theirs. What a mailbox has to bear from everywhere has an end too.
        for (var i = 0; i < 15; i++)
        {
            Assert.True((await pins.SendAsync(actor.Email, $"203.0.113.{i}", People.Link, default)).IsOk);
        }

        Assert.Equal(FailureKind.TooMany, (await pins.SendAsync(actor.Email, "203.0.113.99", People.Link, default)).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    public async Task Pin_InTheDatabase_IsAKeyedHash(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.ActorAsync();
        var (_, pin) = await SendAsync(host, actor);
        await using var db = await host.OpenAsync();
        var row = await db.SignInAttempts.SingleAsync(a => a.UserId == actor.UserId);
        Assert.Equal(64, row.CodeHash.Length);
        Assert.NotEqual(Ids.Hash(pin), row.CodeHash);
        Assert.NotEqual(Ids.Hash($"{row.Id:N}/{pin}"), row.CodeHash);
    }

    private static async Task<(string Secret, string Pin)> SendAsync(CoreHost host, Actor actor)
    {
        var sent = await host.Get<PinService>().SendAsync(actor.Email, "192.0.2.50", People.Link, default);
        Assert.True(sent.IsOk, sent.Failure?.Code);
        return (sent.Value, PinPattern().Match(await host.LastMailAsync(actor.Email)).Value);
    }

    private static Task<Outcome<SignInStep>> EnterAsync(CoreHost host, string secret, string pin, string ip = "192.0.2.50") =>
        host.Get<SignInService>().PinAsync(secret, pin, ip, "Firefox, Linux", default);

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex PinPattern();
}
