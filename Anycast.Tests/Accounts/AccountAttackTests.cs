using System.Text;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SecondFactor;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>Attacks on accounts in the numbers of the threat model: passwords (T16), second factor (T17), limits (T19), tokens (T21).</summary>
public sealed class AccountAttackTests
{
    [Fact]
    public async Task Passwords_ThatDifferWhereOthersDoNotLook_AreToldApart()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var (hasher, user) = (host.Get<PasswordHasher>(), await host.UserAsync());
        var wide = string.Concat(Enumerable.Repeat("\U0001F511", 63));
        (string Right, string Wrong)[] pairs =
        [
            (new string('a', 72) + "b", new string('a', 72) + "c"),
            (wide + "\U0001F511", wide + "\U0001F512"), // 64 code points of four bytes
            (wide + "\U0001F511", wide),
            ("same beginning\0one end", "same beginning\0other end"),
            ("same beginning\0", "same beginning"),
            ("a trailing space ", "a trailing space"),
            (" a leading space", "a leading space"),
            ("Case matters here", "case matters here"),
        ];
        foreach (var (right, wrong) in pairs)
        {
            var hash = hasher.HashPassword(user, right);
            Assert.Equal(PasswordVerificationResult.Success, hasher.VerifyHashedPassword(user, hash, right));
            Assert.Equal(PasswordVerificationResult.Failed, hasher.VerifyHashedPassword(user, hash, wrong));
        }
    }

    [Theory, EveryDatabase]
    public async Task Code_ReplayedAHundredTimesAtOnce_IsAcceptedOnceAtMost(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        var code = People.Code(secret, host.Clock.GetUtcNow());
        var check = host.Get<SecondFactorCheck>();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => check.TakeAsync(actor.UserId, code, default))));
        Assert.InRange(answers.Count(a => a.IsOk), 0, 1); // Where all of them are counted before the first is looked at, the limit refuses even that one.

        // A new code works, once: not again while it is shown, and not when its window of tries is over.
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        code = People.Code(secret, host.Clock.GetUtcNow());
        Assert.True((await check.TakeAsync(actor.UserId, code, default)).IsOk);
        for (var i = 0; i < 20; i++)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.False((await check.TakeAsync(actor.UserId, code, default)).IsOk);
        }
    }

    [Theory, EveryDatabase]
    public async Task Guesses_AHundredAtOnce_AreEvaluatedFiveTimesAtMost(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var actor = await host.SignedInAsync();
        var (secret, _) = await host.TurnOnSecondFactorAsync(actor);
        host.Clock.Advance(TimeSpan.FromMinutes(6));
        var right = People.Code(secret, host.Clock.GetUtcNow());
        var check = host.Get<SecondFactorCheck>();
        var guesses = Enumerable.Range(0, 100).Select(i => i.ToString("D6", System.Globalization.CultureInfo.InvariantCulture)).Where(c => c != right);

        // One alone is evaluated; of a hundred at once the limit may refuse even the first, since all are counted before any is let through.
        Assert.NotEqual(FailureKind.TooMany, (await check.TakeAsync(actor.UserId, right == "999999" ? "999998" : "999999", default)).Failure!.Kind);
        var answers = await Task.WhenAll(guesses.Select(g => Task.Run(() => check.TakeAsync(actor.UserId, g, default))));
        Assert.InRange(answers.Count(a => a.Failure!.Kind != FailureKind.TooMany), 0, 4);
        Assert.Equal(FailureKind.TooMany, (await check.TakeAsync(actor.UserId, right, default)).Failure!.Kind);
    }

    /// <summary>Three replicas are three hosts on one database: together they let through what one would.</summary>
    [Theory, EveryDatabase]
    [PolicyClause("S06")]
    public async Task Limit_OverThreeReplicas_IsOneLimit(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        await using var second = CoreHost.Start(host.Database, clock: host.Clock);
        await using var third = CoreHost.Start(host.Database, clock: host.Clock);
        CoreHost[] replicas = [host, second, third];
        var limit = new RateLimit("three-replicas", 40, TimeSpan.FromMinutes(10));
        var taken = new List<Failure?>();
        for (var i = 0; i < 20; i++)
        {
            taken.AddRange(await Task.WhenAll(Enumerable.Range(0, 9).Select(n => Task.Run(() => replicas[n % 3].Get<RateLimiter>().TakeAsync(limit, "somebody", default)))));
        }

        Assert.InRange(taken.Count(f => f is null), 40 - 9, 42); // at most 5 % more; who counts at the same instant may both be refused
    }

    [Fact]
    public void Typos_AHundredThousand_AreAllRefusedWithoutTheDatabase()
    {
        const string alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        var (tried, passed) = (0, 0);
        while (tried < 100_000)
        {
            var token = new StringBuilder(TokenFormat.New());
            Assert.True(TokenFormat.IsWellFormed(token.ToString()));
            for (var at = TokenFormat.Prefix.Length; at < token.Length; at++)
            {
                var was = token[at];
                foreach (var other in alphabet.Where(c => c != was))
                {
                    token[at] = other;
                    tried++;
                    passed += TokenFormat.IsWellFormed(token.ToString()) ? 1 : 0;
                }

                token[at] = was;
            }
        }

        Assert.Equal(0, passed);
    }

    [Fact]
    public async Task Resend_OfKnownAndUnknownAddresses_IsAnsweredAlikeAndInTheSameTime()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:AnswerFloor"] = "00:00:00.120" });
        var accounts = host.Get<RegistrationConfirmation>();
        var asked = 0;
        var time = await TimeComparison.MeasureAsync(100, 400, async (isKnown, i) =>
        {
            if (isKnown)
            {
                await using var db = await host.OpenAsync();
                db.Users.Add(host.Services.NewUser($"waiting{i}@example.org", "Waiting")); // registered, not confirmed
                await db.SaveChangesAsync();
                asked++;
            }

            return async () => Assert.True((await accounts.ResendAsync(isKnown ? $"waiting{i}@example.org" : $"unknown{i}@example.org", $"192.0.{i / 200}.{i % 200}", People.Link, default)).IsOk);
        });

        Assert.True(TimeComparison.IsEqual(time.Ratio), $"{time.Ratio:0.00}");
        await using var all = await host.OpenAsync();
        Assert.Equal(asked, await all.OutboxMails.CountAsync()); // to the known ones alone
    }
}
