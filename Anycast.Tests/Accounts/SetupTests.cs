using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Tests.Accounts;

/// <summary>The first account: from loopback, by the printed code, or from the environment; once.</summary>
public sealed class SetupTests
{
    private static readonly Registration s_input = new("operator@example.org", "Olga Operator", CoreHost.Password, "de");

    [Theory, EveryDatabase]
    public async Task Create_FromLoopback_NeedsNoCodeAndMakesAnOperator(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var setup = host.Get<SetupService>();
        Assert.True(await setup.IsNeededAsync(default));
        var made = await setup.CreateOperatorAsync(s_input, code: null, fromLoopback: true, "127.0.0.1", default);
        Assert.True(made.IsOk);
        Assert.Equal(PlatformRoles.Operator, made.Value.Roles);
        Assert.False(await setup.IsNeededAsync(default));
        Assert.True((await host.Get<SignInService>().PasswordAsync(s_input.Email, s_input.Password, "127.0.0.1", null, default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Create_FromElsewhere_NeedsTheCode(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var setup = host.Get<SetupService>();
        foreach (var wrong in new[] { null, "", "AAAA-BBBB-CCCC" })
        {
            var refused = await setup.CreateOperatorAsync(s_input, wrong, fromLoopback: false, "203.0.113.9", default);
            Assert.Equal("setup.code_wrong", refused.Failure!.Code);
        }

        Assert.True((await setup.CreateOperatorAsync(s_input, setup.Code.ToLowerInvariant().Replace("-", " - ").Replace(" ", ""), fromLoopback: false, "203.0.113.9", default)).IsOk);
    }

    [Theory, EveryDatabase]
    public async Task Create_AfterManyWrongCodes_IsLimitedEvenWithTheRightOne(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        var setup = host.Get<SetupService>();
        for (var i = 0; i < 20; i++)
        {
            await setup.CreateOperatorAsync(s_input, "wrong", fromLoopback: false, "203.0.113.9", default);
        }

        var refused = await setup.CreateOperatorAsync(s_input, setup.Code, fromLoopback: false, "203.0.113.9", default);
        Assert.Equal(FailureKind.TooMany, refused.Failure!.Kind);
    }

    [Theory, EveryDatabase]
    public async Task Create_ManyAtOnceOnTwoReplicas_MakesExactlyOne(TestProvider provider)
    {
        await using var host = await CoreHost.StartAsync(provider);
        await using var second = CoreHost.Start(host.Database, clock: host.Clock);
        var tries = Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var setup = (i % 2 == 0 ? host : second).Get<SetupService>();
            return await setup.CreateOperatorAsync(s_input with { Email = $"operator{i}@example.org" }, null, fromLoopback: true, "127.0.0.1", default);
        }));
        var outcomes = await Task.WhenAll(tries);
        Assert.Single(outcomes, o => o.IsOk);
        Assert.All(outcomes.Where(o => !o.IsOk), o => Assert.Equal("setup.done", o.Failure!.Code));
        await using var db = await host.OpenAsync();
        Assert.Equal(1, await db.Users.CountAsync());
    }

    [Theory, EveryDatabase]
    public async Task Create_FromTheEnvironment_HappensOnceAndRefusesAWeakPassword(TestProvider provider)
    {
        var settings = new Dictionary<string, string?> { ["Anycast:Setup:OperatorEmail"] = "operator@example.org", ["Anycast:Setup:OperatorPassword"] = CoreHost.Password };
        await using var host = await CoreHost.StartAsync(provider, settings: settings);
        await host.Get<SetupService>().CreateFromConfigurationAsync(default);
        await host.Get<SetupService>().CreateFromConfigurationAsync(default);
        await using var db = await host.OpenAsync();
        Assert.Equal("operator@example.org", (await db.Users.SingleAsync()).Email);

        settings["Anycast:Setup:OperatorPassword"] = "short";
        await using var weak = await CoreHost.StartAsync(provider, settings: settings);
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => weak.Get<SetupService>().CreateFromConfigurationAsync(default));
        Assert.Equal("Anycast__Setup__OperatorPassword needs at least 12 characters.", error.Message);
    }
}
