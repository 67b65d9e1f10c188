using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>The second factor: enrolment, codes that work once, recovery codes, and no way around it (T17).</summary>
public sealed class SecondFactorTests(CoreWorld world) : IClassFixture<CoreWorld>
{
    [Theory]
    [InlineData(59, "94287082")]
    [InlineData(1111111109, "07081804")]
    [InlineData(20000000000, "65353130")]
    public void Code_OfRfc6238sVectors_IsTheirs(long seconds, string eightDigits) =>
        Assert.Equal(eightDigits[2..], Totp.Code([.. "12345678901234567890"u8], seconds / 30));

    [Theory, EveryDatabase]
    [PolicyClause("D07")]
    public async Task SignIn_WithASecondFactor_AsksForACodeAndAcceptsItOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        var code = People.Code(secret, host.Clock.GetUtcNow());

        var first = await PasswordAsync(host, actor);
        Assert.False(first.IsComplete);
        var done = await SecondStepAsync(host, first, code);
        Assert.True(done.IsOk && done.Value.IsComplete);

        Assert.Equal("accounts.code_wrong", (await SecondStepAsync(host, await PasswordAsync(host, actor), code)).Failure!.Code);
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True((await SecondStepAsync(host, await PasswordAsync(host, actor), People.Code(secret, host.Clock.GetUtcNow()))).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Code_SentManyTimesAtOnce_IsAcceptedOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        var code = People.Code(secret, host.Clock.GetUtcNow());
        var check = host.Get<SecondFactorCheck>();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => check.TakeAsync(actor.UserId, code, default))));
        Assert.Single(answers, a => a.IsOk);
        Assert.True(answers.Count(a => a.Failure?.Kind == FailureKind.TooMany) >= 14); // The right one gives its own try back.
    }

    [Theory, EveryDatabase]
    public async Task Codes_ThatAreRight_UseNoTriesUp(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, codes) = await host.TurnOnSecondFactorAsync(actor);
        var check = host.Get<SecondFactorCheck>();
        foreach (var code in codes.Take(6))
        {
            Assert.True((await check.TakeAsync(actor.UserId, code, default)).IsOk);
        }

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("accounts.code_wrong", (await check.TakeAsync(actor.UserId, "abcdef", default)).Failure!.Code); // Wrong ones stay counted.
        }

        Assert.Equal(FailureKind.TooMany, (await check.TakeAsync(actor.UserId, codes[7], default)).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    public async Task Guesses_BeyondFive_AreNotEvaluated(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        var right = People.Code(secret, host.Clock.GetUtcNow());
        var step = await PasswordAsync(host, actor);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("accounts.code_wrong", (await SecondStepAsync(host, step, right == "000000" ? "000001" : "000000")).Failure!.Code);
        }

        Assert.Equal("accounts.attempt_over", (await SecondStepAsync(host, step, right)).Failure!.Code);
        Assert.Equal(FailureKind.TooMany, (await SecondStepAsync(host, await PasswordAsync(host, actor), right)).Failure!.Kind);
    }

    [Theory, EveryDatabase]
    [PolicyClause("D07")]
    public async Task RecoveryCode_InAnySpelling_WorksOnce(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (_, codes) = await host.TurnOnSecondFactorAsync(actor);
        Assert.Equal(10, codes.Distinct().Count());
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.True((await SecondStepAsync(host, await PasswordAsync(host, actor), codes[3].ToLowerInvariant().Replace("-", " "))).IsOk);
        Assert.Equal("accounts.recovery_code_wrong", (await SecondStepAsync(host, await PasswordAsync(host, actor), codes[3])).Failure!.Code);
        Assert.Equal(9, (await host.Get<SecondFactorService>().StatusAsync(actor, default)).RecoveryCodesLeft);
    }

    [Theory, EveryDatabase]
    public async Task Attempt_InAnotherBrowserOrTooLate_IsOver(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        var step = await PasswordAsync(host, actor);
        Assert.Equal("accounts.attempt_over", (await host.Get<SignInService>().SecondFactorAsync(Ids.Secret(), People.Code(secret, host.Clock.GetUtcNow()), null, null, default)).Failure!.Code);
        host.Clock.Advance(SignInAttempts.Lifetime);
        Assert.Equal("accounts.attempt_over", (await SecondStepAsync(host, step, People.Code(secret, host.Clock.GetUtcNow()))).Failure!.Code);
    }

    [Theory, EveryDatabase]
    public async Task Reset_OfThePassword_LeavesTheSecondFactorOn(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await host.Get<AccountService>().ForgotPasswordAsync(actor.Email, "192.0.2.77", People.Link, default)).IsOk);
        var token = People.TokenIn(await host.LastMailAsync(actor.Email));
        Assert.True((await host.Get<AccountService>().ResetPasswordAsync(token, "another long password 77", People.Link, default)).IsOk);
        var step = await host.Get<SignInService>().PasswordAsync(actor.Email, "another long password 77", "192.0.2.78", null, default);
        Assert.False(step.Value!.IsComplete);
    }

    [Theory, EveryDatabase]
    public async Task Seed_InTheDatabase_IsSealed(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, codes) = await host.TurnOnSecondFactorAsync(actor);
        await using var db = await host.OpenAsync();
        var device = await db.TotpDevices.SingleAsync(d => d.UserId == actor.UserId);
        var hashes = await db.RecoveryCodes.Where(c => c.UserId == actor.UserId).Select(c => c.Hash).ToListAsync();
        Assert.DoesNotContain(secret, System.Text.Encoding.Latin1.GetString(device.Seed));
        Assert.Equal(20 + 1 + 12 + 16, device.Seed.Length);
        Assert.DoesNotContain(hashes, h => codes.Any(c => h.Contains(c, StringComparison.OrdinalIgnoreCase)));
    }

    [Theory, EveryDatabase]
    public async Task Disable_NeedsAFreshProofAndTellsByMail(TestProvider provider)
    {
        var host = await world.OnAsync(provider);
        var actor = await host.SignedInAsync();
        await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.Equal("accounts.step_up", (await host.Get<SecondFactorService>().DisableAsync(actor, People.Link, default)).Failure!.Code);
        var fresh = await host.WithSessionAsync(actor);
        Assert.True((await host.Get<SecondFactorService>().DisableAsync(fresh, People.Link, default)).IsOk);
        Assert.Contains("was turned off", await host.LastMailAsync(actor.Email));
        Assert.True((await PasswordAsync(host, actor)).IsComplete);
    }

    private static async Task<SignInStep> PasswordAsync(CoreHost host, Actor actor)
    {
        // An address of its own for each try: what is tested here is the second step's limit.
        var step = await host.Get<SignInService>().PasswordAsync(actor.Email, CoreHost.Password, $"198.51.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}", "Firefox, Linux", default);
        Assert.True(step.IsOk, step.Failure?.Code);
        return step.Value;
    }

    private static Task<Outcome<SignInStep>> SecondStepAsync(CoreHost host, SignInStep step, string code) =>
        host.Get<SignInService>().SecondFactorAsync(step.SecondFactorSecret!, code, "192.0.2.77", "Firefox, Linux", default);
}
