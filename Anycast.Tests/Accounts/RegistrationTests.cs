using System.Text.RegularExpressions;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Common;
using Anycast.Core.Mail;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>Registration and the confirmation of an address (D04).</summary>
[PolicyClause("D04")]
public sealed partial class RegistrationTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    private static readonly Func<string, Uri> s_link = path => new Uri(new Uri("https://anycast.example.org"), path);

    [Theory, EveryDatabase]
    public async Task Register_OfANewAddress_KeepsWhenAndByWhichFlowAndMailsALink(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        Assert.True((await RegisterAsync(host, "New@Example.org")).IsOk);
        await using var db = await host.OpenAsync();
        var user = await db.Users.AsNoTracking().SingleAsync(u => u.NormalizedEmail == "NEW@EXAMPLE.ORG");
        Assert.Equal(host.Clock.GetUtcNow(), user.CreatedAt);
        Assert.Equal("registration", user.CreatedBy);
        Assert.False(user.EmailConfirmed);
        Assert.Null(user.EmailConfirmedAt);
        Assert.StartsWith("https://anycast.example.org/account/confirm?token=", await LinkAsync(host, user.Id), StringComparison.Ordinal);
    }

    [Theory, EveryDatabase]
    public async Task Register_OfAKnownAddress_AnswersTheSameAndTellsOnlyTheMailbox(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var known = await host.UserAsync("known@example.org");
        var unknown = await RegisterAsync(host, "unknown@example.org");
        var answer = await RegisterAsync(host, "KNOWN@example.org");
        Assert.Equal(unknown, answer);
        await using var db = await host.OpenAsync();
        var mail = await db.OutboxMails.SingleAsync(m => m.UserId == known.Id);
        Assert.DoesNotContain("token=", mail.Text, StringComparison.Ordinal);
        Assert.Equal(known.PasswordHash, (await db.Users.SingleAsync(u => u.Id == known.Id)).PasswordHash);
    }

    [Theory, EveryDatabase]
    public async Task Register_OfOneAddressManyTimesAtOnce_MakesOneAccount(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => RegisterAsync(host, i % 2 == 0 ? "race@example.org" : "RACE@example.org", ip: $"198.51.100.{i}"))));
        Assert.All(outcomes, o => Assert.True(o.IsOk));
        await using var db = await host.OpenAsync();
        Assert.Equal(1, await db.Users.CountAsync(u => u.NormalizedEmail == "RACE@EXAMPLE.ORG"));
    }

    [Theory, EveryDatabase]
    public async Task Confirm_ByTheLink_OpensTheAccountAndTwiceIsOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await RegisteredAsync(host, "once@example.org");
        var early = await host.Get<SignInService>().PasswordAsync("once@example.org", CoreHost.Password, "192.0.2.7", null, default);
        Assert.Equal("accounts.unconfirmed", early.Failure!.Code);

        host.Clock.Advance(TimeSpan.FromMinutes(5));
        var secret = await SecretAsync(host, user.Id);
        Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(secret, CoreHost.Password, default)).IsOk);
        var confirmed = host.Clock.GetUtcNow();
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(secret, CoreHost.Password, default)).IsOk); // The link opened again, or on the phone too.

        var signedIn = await host.Get<SignInService>().PasswordAsync("once@example.org", CoreHost.Password, "192.0.2.7", null, default);
        Assert.True(signedIn.IsOk);
        Assert.Equal(confirmed, signedIn.Value.User.EmailConfirmedAt);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D01")]
    public async Task Register_OfTheSameAddressInOtherLetters_IsTheSameAccount(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        foreach (var (first, second) in new[] { ("ärger@example.org", "ÄRGER@Example.org"), ("Case@example.org", "case@EXAMPLE.ORG") })
        {
            var user = await RegisteredAsync(host, first);
            Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(await SecretAsync(host, user.Id), CoreHost.Password, default)).IsOk);
            Assert.True((await RegisterAsync(host, second)).IsOk);
            await using var db = await host.OpenAsync();
            Assert.Equal(1, await db.Users.CountAsync(u => u.NormalizedEmail == user.NormalizedEmail)); // by the stored column: SQLite's own lower() knows ASCII alone
            Assert.True((await host.Get<SignInService>().PasswordAsync(second, CoreHost.Password, "192.0.2.9", null, default)).IsOk);
        }
    }

    [Theory, EveryDatabase]
    public async Task Take_OfOneTokenTwentyTimesAtOnce_SucceedsExactlyOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await RegisteredAsync(host, "parallel@example.org");
        var secret = await SecretAsync(host, user.Id);
        var takes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => host.Get<AccountTokens>().TakeAsync(secret, TokenPurpose.ConfirmEmail, default))));
        Assert.Single(takes, t => t == user.Id);
        Assert.Equal(19, takes.Count(t => t is null));
    }

    [Theory, EveryDatabase]
    public async Task Take_OfATokenForAnotherPurpose_Fails(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await RegisteredAsync(host, "purpose@example.org");
        var secret = await SecretAsync(host, user.Id);
        Assert.Null(await host.Get<AccountTokens>().TakeAsync(secret, TokenPurpose.ResetPassword, default));
        Assert.Equal(user.Id, await host.Get<AccountTokens>().TakeAsync(secret, TokenPurpose.ConfirmEmail, default));
    }

    [Theory, EveryDatabase]
    public async Task Confirm_AfterADay_IsTooLate(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var first = await RegisteredAsync(host, "early@example.org");
        var second = await RegisteredAsync(host, "late@example.org");
        var (good, late) = (await SecretAsync(host, first.Id), await SecretAsync(host, second.Id));
        host.Clock.Advance(AccountsOptions.ConfirmationLifetime - TimeSpan.FromSeconds(1));
        Assert.True((await host.Get<RegistrationConfirmation>().ConfirmAsync(good, CoreHost.Password, default)).IsOk);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("accounts.link_invalid", (await host.Get<RegistrationConfirmation>().ConfirmAsync(late, CoreHost.Password, default)).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Resend_VoidsTheEarlierLink(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await RegisteredAsync(host, "again@example.org");
        var old = await SecretAsync(host, user.Id);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await host.Get<RegistrationConfirmation>().ResendAsync("again@example.org", "192.0.2.30", s_link, default)).IsOk);
        Assert.Null(await host.Get<AccountTokens>().TakeAsync(old, TokenPurpose.ConfirmEmail, default));
        Assert.Equal(user.Id, await host.Get<AccountTokens>().TakeAsync(await SecretAsync(host, user.Id), TokenPurpose.ConfirmEmail, default));
    }

    [Theory, EveryDatabase]
    public async Task Maintenance_AfterSevenDaysWithoutConfirmation_RemovesTheAccount(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider, (services, _) => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton<AccountMaintenanceJob>(services));
        var user = await RegisteredAsync(host, "never@example.org");
        host.Clock.Advance(AccountMaintenanceJob.UnconfirmedKept - TimeSpan.FromSeconds(1));
        await host.Get<AccountMaintenanceJob>().RunAsync(default);
        await using var db = await host.OpenAsync();
        Assert.True(await db.Users.AnyAsync(u => u.Id == user.Id));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Get<AccountMaintenanceJob>().RunAsync(default);
        Assert.False(await db.Users.AnyAsync(u => u.Id == user.Id));
        Assert.False(await db.AccountTokens.AnyAsync(t => t.UserId == user.Id));
    }

    [Theory, EveryDatabase]
    public async Task Tokens_InTheDatabase_StandOnlyAsHashes(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var user = await RegisteredAsync(host, "hashed@example.org");
        var secret = await SecretAsync(host, user.Id);
        await using var db = await host.OpenAsync();
        var row = await db.AccountTokens.SingleAsync(t => t.UserId == user.Id);
        Assert.NotEqual(secret, row.Hash);
        Assert.Equal(Ids.Hash(secret), row.Hash);
    }

    private static Task<Outcome> RegisterAsync(CoreHost host, string email, string? ip = null) =>
        host.Get<AccountService>().RegisterAsync(new Registration(email, "Some Body", CoreHost.Password, "en", host.Get<TermsService>().Current), ip ?? "192.0.2." + email.Length, s_link, default);

    private static async Task<User> RegisteredAsync(CoreHost host, string email)
    {
        Assert.True((await RegisterAsync(host, email)).IsOk);
        await using var db = await host.OpenAsync();
        return await db.Users.AsNoTracking().SingleAsync(u => u.Email == email);
    }

    private static async Task<string> LinkAsync(CoreHost host, Guid userId)
    {
        await using var db = await host.OpenAsync();
        var mail = await db.OutboxMails.AsNoTracking().Where(m => m.UserId == userId && m.Class == MailClass.Transactional).OrderByDescending(m => m.CreatedAt).ThenByDescending(m => m.Id).FirstAsync();
        return LinkPattern().Match(mail.Text).Value;
    }

    private static async Task<string> SecretAsync(CoreHost host, Guid userId) => (await LinkAsync(host, userId)).Split("token=")[1];

    [GeneratedRegex(@"https://\S+")]
    private static partial Regex LinkPattern();
}
