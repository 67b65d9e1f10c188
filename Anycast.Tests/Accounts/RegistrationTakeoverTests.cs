using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Strangers who use somebody's address: they neither get into the account (T11, K4) nor keep its owner from registering.</summary>
[PolicyClause("D04")]
public sealed class RegistrationTakeoverTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private const string Hers = "six slow swans at dusk";
    private const string His = "mallory was here first";

    /// <summary>Whoever came first and whichever link is opened: the account is that of the person who knows its password.</summary>
    [Theory, EveryDatabase]
    public async Task Confirm_WithTheOwnersPassword_TakesTheOwnersRegistrationByAnyLink(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        foreach (var isStrangerFirst in new[] { true, false })
        {
            foreach (var isNewestLink in new[] { true, false })
            {
                var address = $"vera-{isStrangerFirst}-{isNewestLink}@example.org".ToLowerInvariant();
                await RegisterAsync(host, address, isStrangerFirst ? "Mallory" : "Vera", isStrangerFirst ? His : Hers, isStrangerFirst ? "203.0.113.9" : "192.0.2.9");
                var first = People.TokenIn(await host.LastMailAsync(address));
                host.Clock.Advance(TimeSpan.FromMinutes(1));
                await RegisterAsync(host, address, isStrangerFirst ? "Vera" : "Mallory", isStrangerFirst ? Hers : His, isStrangerFirst ? "192.0.2.9" : "203.0.113.9");
                var second = People.TokenIn(await host.LastMailAsync(address));

                var confirmed = await host.Get<RegistrationConfirmation>().ConfirmAsync(isNewestLink ? second : first, Hers, default);
                Assert.True(confirmed.IsOk, confirmed.Failure?.Code);
                Assert.Equal("Vera", confirmed.Value.Name);
                Assert.True(await SignsInAsync(host, address, Hers));
                Assert.False(await SignsInAsync(host, address, His));

                // The other link is over, and what is kept of the terms is hers.
                var other = await host.Get<RegistrationConfirmation>().ConfirmAsync(isNewestLink ? first : second, His, default);
                Assert.Equal("accounts.link_invalid", other.Failure?.Code);
                await using var db = await host.OpenAsync();
                var proof = Assert.Single(await db.TermsAcceptances.Where(a => a.UserId == confirmed.Value.Id).ToListAsync());
                Assert.Equal("192.0.2.9", proof.Ip);
                Assert.False(await db.AccountTokens.AnyAsync(t => t.UserId == confirmed.Value.Id && t.PasswordHash != null));
                host.Clock.Advance(TimeSpan.FromHours(1));
            }
        }
    }

    [Theory, EveryDatabase]
    public async Task Confirm_WithAnyOtherPassword_ConfirmsNothingAndUsesNothingUp(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        await RegisterAsync(host, "wanda@example.org", "Mallory", His, "203.0.113.9");
        var mail = await host.LastMailAsync("wanda@example.org");
        Assert.Contains("as “Mallory”, at ", mail, StringComparison.Ordinal);
        Assert.Contains(" UTC on 24 November 2026", mail, StringComparison.Ordinal);
        var token = People.TokenIn(mail);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("accounts.password_wrong_registered", (await host.Get<RegistrationConfirmation>().ConfirmAsync(token, Hers, default)).Failure!.Code);
        }

        await using var db = await host.OpenAsync();
        Assert.False((await db.Users.AsNoTracking().SingleAsync(u => u.Email == "wanda@example.org")).EmailConfirmed);
        Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(token, His, default)).IsOk); // His mailbox after all.
    }

    [Theory, EveryDatabase]
    public async Task Confirm_GuessedAtManyTimes_IsLimited(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        await RegisterAsync(host, "guess@example.org", "Guess", Hers, "192.0.2.9");
        var token = People.TokenIn(await host.LastMailAsync("guess@example.org"));
        for (var i = 0; i < RateLimitTable.SignIn.Tries; i++)
        {
            Assert.Equal("accounts.password_wrong_registered", (await host.Get<RegistrationConfirmation>().ConfirmAsync(token, His, default)).Failure!.Code);
        }

        Assert.Equal(FailureKind.TooMany, (await host.Get<RegistrationConfirmation>().ConfirmAsync(token, Hers, default)).Failure!.Kind);
    }

    /// <summary>Mails that a stranger asked for neither use up the owner's registration nor leave their data without a link of their own.</summary>
    [Theory, EveryDatabase]
    public async Task Register_AfterAStrangerAskedForMailsAgainAndAgain_IsMailedAllTheSame(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        foreach (var network in Enumerable.Range(1, 5))
        {
            for (var i = 0; i < RateLimitTable.ConfirmationMails.Tries; i++)
            {
                await host.Get<RegistrationConfirmation>().ResendAsync("ursula@example.org", $"203.0.113.{network}", People.Link, default);
            }
        }

        Assert.True((await RegisterAsync(host, "ursula@example.org", "Ursula", Hers, "192.0.2.9")).IsOk);
        var token = People.TokenIn(await host.LastMailAsync("ursula@example.org"));
        Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(token, Hers, default)).IsOk);
    }

    /// <summary>Where no mail is sent because of a limit, the page says so: alike for addresses with an account and without.</summary>
    [Theory, EveryDatabase]
    public async Task Register_BeyondTheLimitOfMails_SaysSoAlikeForEveryAddress(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        await host.UserAsync("has-one@example.org");
        foreach (var address in new[] { "has-one@example.org", "has-none@example.org" })
        {
            for (var i = 0; i < RateLimitTable.RegistrationMailsInAll.Tries; i++)
            {
                Assert.True((await RegisterAsync(host, address, "Somebody", Hers, $"198.51.100.{i}")).IsOk);
            }

            Assert.Equal(FailureKind.TooMany, (await RegisterAsync(host, address, "Somebody", Hers, "198.51.100.200")).Failure!.Kind);
            await using var db = await host.OpenAsync();
            Assert.Equal(RateLimitTable.RegistrationMailsInAll.Tries, await db.OutboxMails.CountAsync(m => m.ToAddress == address)); // As many as were promised.
        }
    }

    [Theory, EveryDatabase]
    public async Task Resend_FromOneNetwork_LeavesOthersTheirs(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        await RegisterAsync(host, "resent@example.org", "Rita", Hers, "192.0.2.9");
        foreach (var address in new[] { "resent@example.org", "unknown-resent@example.org" })
        {
            for (var i = 0; i < RateLimitTable.ConfirmationMails.Tries; i++)
            {
                Assert.True((await host.Get<RegistrationConfirmation>().ResendAsync(address, "203.0.113.40", People.Link, default)).IsOk);
            }

            Assert.Equal(FailureKind.TooMany, (await host.Get<RegistrationConfirmation>().ResendAsync(address, "203.0.113.40", People.Link, default)).Failure!.Kind);
            host.Clock.Advance(TimeSpan.FromSeconds(1)); // So that the next mail is the newest.
            Assert.True((await host.Get<RegistrationConfirmation>().ResendAsync(address, "192.0.2.41", People.Link, default)).IsOk);
        }

        Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(People.TokenIn(await host.LastMailAsync("resent@example.org")), Hers, default)).IsOk);
    }

    private static Task<Outcome> RegisterAsync(CoreHost host, string address, string name, string password, string ip) =>
        host.Get<AccountService>().RegisterAsync(new Registration(address, name, password, "en", host.Get<TermsService>().Current), ip, People.Link, default);

    private static async Task<bool> SignsInAsync(CoreHost host, string address, string password) =>
        (await host.Get<SignInService>().PasswordAsync(address, password, "192.0.2.61", null, default)).IsOk;
}
