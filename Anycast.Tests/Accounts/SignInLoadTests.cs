using System.Diagnostics;
using Anycast.Core.Accounts.SignIn;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>Two hundred people who sign in at once leave room for everybody else's pages (T16).</summary>
[Collection(Tunnel.MeasuredCollection.Name)]
public sealed class SignInLoadTests
{
    private const int AtOnce = 200;

    [Fact]
    public async Task SignIns_TwoHundredAtOnce_LeavePagesQuick()
    {
        using var app = new CostlyApp();
        using var client = app.Inner.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });
        for (var i = 0; i < 20; i++)
        {
            await TimeAsync(client); // Warm.
        }

        var signIn = app.Inner.Services.GetRequiredService<SignInService>();
        var tries = Enumerable.Range(0, AtOnce).Select(i => Task.Run(() => signIn.PasswordAsync($"nobody{i}@example.org", CoreHost.Password, $"198.51.{i}.1", null, default))).ToList();
        var all = Task.WhenAll(tries);
        var times = new List<double>();
        while (!all.IsCompleted)
        {
            times.Add(await TimeAsync(client));
        }

        await all;
        Assert.True(times.Count >= 10, $"Only {times.Count} pages in all that time.");
        Assert.True(times.Order().ElementAt((int)(times.Count * 0.95)) < 500, $"95th percentile {times.Order().ElementAt((int)(times.Count * 0.95)):0} ms of {times.Count} pages.");
    }

    [Fact]
    public async Task Password_OfAMegabyte_IsRefusedWithoutTheWork()
    {
        using var app = new CostlyApp();
        var signIn = app.Inner.Services.GetRequiredService<SignInService>();
        await signIn.PasswordAsync("warm@example.org", "short", "192.0.2.1", null, default);
        var (refusal, hash) = (await BestAsync(new string('a', 1 << 20), "192.0.2"), await BestAsync(CoreHost.Password, "198.51.100"));
        Assert.True(refusal < hash / 2, $"{refusal.TotalMilliseconds:0} ms, and {hash.TotalMilliseconds:0} ms with the work");

        // Of several: what else runs here can only add.
        async Task<TimeSpan> BestAsync(string password, string network)
        {
            var best = TimeSpan.MaxValue;
            for (var i = 2; i < 10; i++)
            {
                var began = Stopwatch.GetTimestamp();
                var refused = await signIn.PasswordAsync($"somebody{network}.{i}@example.org", password, $"{network}.{i}", null, default);
                Assert.Equal("accounts.sign_in_wrong", refused.Failure!.Code);
                best = Stopwatch.GetElapsedTime(began) is var taken && taken < best ? taken : best;
            }

            return best;
        }
    }

    private static async Task<double> TimeAsync(HttpClient client)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await client.GetAsync("/account/login", TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    /// <summary>The host with hashes of cost 10: two hundred of them take two cores some seven seconds.</summary>
    private sealed class CostlyApp : IDisposable
    {
        public InProcessApp Inner { get; } = new(new Dictionary<string, string?>
        {
            ["Anycast:Accounts:BcryptCost"] = "10",
            ["Anycast:Setup:OperatorEmail"] = "ada@example.org",
            ["Anycast:Setup:OperatorPassword"] = CoreHost.Password,
        });

        public void Dispose() => Inner.Dispose();
    }
}
