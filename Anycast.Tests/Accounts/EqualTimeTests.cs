using System.Diagnostics;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Terms;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Accounts;

/// <summary>Neither registration nor a forgotten password tells by its time whether there is an account (T18).</summary>
public sealed class EqualTimeTests
{
    private const int Tries = 200;

    [Fact]
    public async Task Forgot_OfKnownAndUnknownAddresses_TakesTheSameTime() => await CompareAsync("00:00:00.120", (host, email, i) =>
        host.Get<AccountService>().ForgotPasswordAsync(email, $"203.0.{i / 250}.{i % 250}", People.Link, default));

    [Fact]
    public async Task Register_OfKnownAndUnknownAddresses_TakesTheSameTime() => await CompareAsync("00:00:00.040", (host, email, i) => // a registration takes three floors
        host.Get<AccountService>().RegisterAsync(new Registration(email, "Somebody", CoreHost.Password, "en", host.Get<TermsService>().Current), $"203.0.{i / 250}.{i % 250}", People.Link, default));

    private static async Task CompareAsync<T>(string floor, Func<CoreHost, string, int, Task<T>> ask)
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:AnswerFloor"] = floor });
        for (var i = 0; i < Tries; i++)
        {
            await host.UserAsync($"known{i}@example.org");
        }

        // Turn by turn, so that what else the machine does falls on both alike.
        var (known, unknown) = (new List<double>(), new List<double>());
        for (var i = 0; i < Tries; i++)
        {
            known.Add(await TimeAsync(() => ask(host, $"known{i}@example.org", i)));
            unknown.Add(await TimeAsync(() => ask(host, $"unknown{i}@example.org", i)));
        }

        var ratio = Median(known) / Median(unknown);
        Assert.InRange(ratio, 0.9, 1.1);
        Assert.True(Median(unknown) >= 119, "The floor does not hold.");
    }

    private static async Task<double> TimeAsync<T>(Func<Task<T>> work)
    {
        var began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
