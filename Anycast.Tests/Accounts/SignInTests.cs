using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Activity;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Notifications;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Sign-in by password: what it records, what it tells, how often it lets try.</summary>
public sealed class SignInTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory, EveryDatabase]
    [PolicyClause("D05")]
    public async Task SignIn_WhenItSucceeds_RecordsTimeAndAddressAndKeepsTheOneBefore(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        var first = host.Clock.GetUtcNow();
        Assert.True((await TryAsync(host, user, ip: "198.51.100.1")).IsOk);
        host.Clock.Advance(TimeSpan.FromHours(3));
        var again = await TryAsync(host, user, ip: "2001:db8::7");
        Assert.True(again.IsOk);

        var shown = (await host.Get<AccountService>().GetAsync(ActorFactory.For(user), default)).Value!;
        Assert.Equal(host.Clock.GetUtcNow(), shown.LastSignInAt);
        Assert.Equal("2001:db8::7", shown.LastSignInIp);
        Assert.Equal(first, shown.PreviousSignInAt);
        Assert.Equal("198.51.100.1", shown.PreviousSignInIp);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D05")]
    public async Task SignIn_WhenItFails_LeavesTheLastOneAsItWas(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        Assert.True((await TryAsync(host, user, ip: "198.51.100.1")).IsOk);
        var before = host.Clock.GetUtcNow();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("accounts.sign_in_wrong", (await TryAsync(host, user, "not the password", "203.0.113.5")).Failure!.Code);
        var shown = (await host.Get<AccountService>().GetAsync(ActorFactory.For(user), default)).Value!;
        Assert.Equal(before, shown.LastSignInAt);
        Assert.Equal("198.51.100.1", shown.LastSignInIp);
        var log = await host.Get<ActivityLog>().OwnAsync(ActorFactory.For(user), new ActivityFilter(), new PageRequest(), default);
        Assert.Contains(log.Items, e => e is { Operation: "account.sign_in", Result: ActivityResult.Refused, Ip: "203.0.113.5" });
    }

    [Theory, EveryDatabase]
    [PolicyClause("D15", "D23")]
    public async Task SignIn_FromADeviceNotSeenBefore_IsToldHereAndByMail(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var user = await host.UserAsync();
        var actor = ActorFactory.For(user);
        var notifications = host.Get<NotificationService>();
        async Task SignInFromAsync(string device, string ip) =>
            Assert.True((await host.Get<SignInService>().PasswordAsync(user.Email!, CoreHost.Password, ip, device, default)).IsOk);

        await SignInFromAsync("Firefox, Linux", "192.0.2.1"); // the first of all
        await SignInFromAsync("Firefox, Linux", "203.0.113.9"); // elsewhere, the same browser
        Assert.Equal(0, await notifications.UnreadAsync(actor, default));
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await SignInFromAsync("Safari, iOS", "198.51.100.7");
        await SignInFromAsync("Safari, iOS", "198.51.100.8");
        var told = Assert.Single((await notifications.ListAsync(actor, unreadOnly: true, new PageRequest(), default)).Items);
        Assert.Equal((NotificationType.Security, "new_device"), (told.Type, told.Key));
        Assert.Equal(["Safari, iOS", "198.51.100.7"], told.Args);
        await using var db = await host.OpenAsync();
        var mail = await db.OutboxMails.SingleAsync();
        Assert.Equal((user.Email, Anycast.Core.Mail.MailClass.Transactional), (mail.ToAddress, mail.Class));
        Assert.Contains("Safari, iOS", mail.Text, StringComparison.Ordinal);
    }

    [Theory, EveryDatabase]
    public async Task SignIn_WithAPasswordOfYearsAgo_AsksForNoNewOne(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var user = await host.UserAsync();
        host.Clock.Advance(TimeSpan.FromDays(3 * 365));
        Assert.True((await TryAsync(host, user)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task SignIn_OfUnknownWrongBlockedAndDeleted_LooksTheSame(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var wrong = await host.UserAsync();
        var blocked = await host.UserAsync();
        var deleted = await host.UserAsync();
        await using (var db = await host.OpenAsync())
        {
            await db.Users.Where(u => u.Id == blocked.Id).ExecuteUpdateAsync(s => s.SetProperty(u => u.BlockedAt, host.Clock.GetUtcNow()));
            await db.Users.Where(u => u.Id == deleted.Id).ExecuteUpdateAsync(s => s.SetProperty(u => u.DeletedAt, host.Clock.GetUtcNow()));
        }

        Failure?[] answers =
        [
            (await host.Get<SignInService>().PasswordAsync("nobody-here@example.org", CoreHost.Password, "192.0.2.1", null, default)).Failure,
            (await TryAsync(host, wrong, "not the password")).Failure,
            (await TryAsync(host, blocked)).Failure,
            (await TryAsync(host, deleted)).Failure,
        ];
        Assert.Single(answers.Select(a => (a!.Kind, a.Code)).Distinct());
    }

    [Theory, EveryDatabase]
    [PolicyClause("S02")]
    public async Task SignIn_WithAHashOfAnotherCost_StoresANewHash(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        await using var stronger = CoreHost.Start(host.Database, settings: new Dictionary<string, string?> { ["Anycast:Accounts:BcryptCost"] = "5" }, clock: host.Clock);
        Assert.True((await TryAsync(stronger, user)).IsOk);
        await using var db = await host.OpenAsync();
        var hash = (await db.Users.SingleAsync(u => u.Id == user.Id)).PasswordHash!;
        Assert.Contains("$05$", hash, StringComparison.Ordinal);
        Assert.True((await TryAsync(stronger, user)).IsOk);
    }

    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task SignIn_AfterTenTriesOnTwoReplicas_IsRefusedEvenWithTheRightPassword(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        await using var second = CoreHost.Start(host.Database, clock: host.Clock);
        for (var i = 0; i < RateLimitTable.SignIn.Tries; i++)
        {
            Assert.Equal(FailureKind.Invalid, (await TryAsync(i % 2 == 0 ? host : second, user, "not the password", "203.0.113.77")).Failure!.Kind);
        }

        var refused = await TryAsync(second, user, ip: "203.0.113.77");
        Assert.Equal(FailureKind.TooMany, refused.Failure!.Kind);
        Assert.InRange(refused.Failure.RetryAfter!.Value, TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(15));

        // The owner elsewhere is not locked out, and the window ends.
        Assert.True((await TryAsync(host, user, ip: "198.51.100.44")).IsOk);
        host.Clock.Advance(RateLimitTable.SignIn.Window);
        Assert.True((await TryAsync(host, user, ip: "203.0.113.77")).IsOk);
    }

    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task SignIn_WithTheRightPasswordOften_LocksNobodyOutAndForgetsNoWrongTry(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await host.UserAsync();
        var wrong = RateLimitTable.SignIn.Tries - 1;
        for (var i = 0; i < wrong; i++)
        {
            Assert.Equal(FailureKind.Invalid, (await TryAsync(host, user, "not the password", "203.0.113.78")).Failure!.Kind);
            Assert.True((await TryAsync(host, user, ip: "203.0.113.78")).IsOk);
        }

        Assert.Equal(FailureKind.Invalid, (await TryAsync(host, user, "not the password", "203.0.113.78")).Failure!.Kind);
        Assert.Equal(FailureKind.TooMany, (await TryAsync(host, user, ip: "203.0.113.78")).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task Take_ManyAtOnce_LetsExactlyTheLimitThrough(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var limit = new RateLimit("test-" + provider, 7, TimeSpan.FromMinutes(1));
        var taken = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => host.Get<RateLimiter>().TakeAsync(limit, "somebody", default))));
        Assert.InRange(taken.Count(f => f is null), 1, 7);
        Assert.NotNull(await host.Get<RateLimiter>().TakeAsync(limit, "somebody", default));
        Assert.Null(await host.Get<RateLimiter>().TakeAsync(limit, "somebody else", default));
    }

    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task Limits_OfSensitiveOperations_AreEnforcedByTheServices(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var accounts = host.Get<AccountService>();
        static Uri Link(string path) => new(new Uri("https://anycast.example.org"), path);

        await ExpectLimitAsync(RateLimitTable.Registration.Tries, async i => (await accounts.RegisterAsync(new Registration($"r{i}@example.org", "R", CoreHost.Password, null, host.Get<Anycast.Core.Accounts.Terms.TermsService>().Current), "203.0.113.1", Link, default)).Failure);
        await ExpectLimitAsync(RateLimitTable.ResetMails.Tries, async _ => (await accounts.ForgotPasswordAsync("target@example.org", "198.51.100.1", Link, default)).Failure);
        await ExpectLimitAsync(RateLimitTable.ResetMailsInAll.Tries, async i => (await accounts.ForgotPasswordAsync("another@example.org", $"198.51.100.{i + 2}", Link, default)).Failure);
        await ExpectLimitAsync(RateLimitTable.ConfirmationMails.Tries, async _ => (await host.Get<RegistrationConfirmation>().ResendAsync("other@example.org", "198.51.100.90", Link, default)).Failure);
        await ExpectLimitAsync(RateLimitTable.ConfirmationMailsInAll.Tries, async i => (await host.Get<RegistrationConfirmation>().ResendAsync("yet-another@example.org", $"198.51.100.{i + 100}", Link, default)).Failure);
        var actor = await host.ActorAsync();
        await ExpectLimitAsync(RateLimitTable.SignIn.Tries, async _ =>
            (await accounts.ChangePasswordAsync(actor, "wrong", CoreHost.Password, Link, default)).Failure is { Kind: FailureKind.TooMany } f ? f : null);
    }

    [Fact]
    public void Network_OfAnAddress_IsTheAddressOrItsIpv6Net()
    {
        Assert.Equal("192.0.2.1", RateLimiter.Network("::ffff:192.0.2.1"));
        Assert.Equal(RateLimiter.Network("2001:db8:1:2::1"), RateLimiter.Network("2001:db8:1:2:ffff::9"));
        Assert.NotEqual(RateLimiter.Network("2001:db8:1:2::1"), RateLimiter.Network("2001:db8:1:3::1"));
        Assert.Equal("unknown", RateLimiter.Network(null));
    }

    private static async Task ExpectLimitAsync(int tries, Func<int, Task<Failure?>> act)
    {
        for (var i = 0; i < tries; i++)
        {
            Assert.NotEqual(FailureKind.TooMany, (await act(i))?.Kind);
        }

        Assert.Equal(FailureKind.TooMany, (await act(tries))?.Kind);
    }

    private static Task<Outcome<SignInStep>> TryAsync(CoreHost host, User user, string? password = null, string ip = "192.0.2.1") =>
        host.Get<SignInService>().PasswordAsync(user.Email!, password ?? CoreHost.Password, ip, "Firefox, Linux", default);
}
