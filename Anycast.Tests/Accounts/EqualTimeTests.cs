using System.Diagnostics;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.SignIn;
using Anycast.Core.Accounts.Terms;
using Anycast.Core.Teams;
using Anycast.Core.Teams.Invitations;
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

    [Fact]
    public async Task SignIn_OfKnownAndUnknownAddresses_TakesTheSameTime()
    {
        // No floor here, which would make every sign-in wait: the hash itself is the time, and an unknown address costs one too.
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:BcryptCost"] = "10" });
        var signIn = host.Get<SignInService>();
        var (known, unknown) = (new List<double>(), new List<double>());
        for (var i = 0; i < Tries / 2; i++)
        {
            var user = await host.UserAsync();
            known.Add(await TimeAsync(() => signIn.PasswordAsync(user.Email!, "not the right one", $"203.0.{i}.1", "Firefox, Linux", default)));
            unknown.Add(await TimeAsync(() => signIn.PasswordAsync($"unknown{i}@example.org", "not the right one", $"203.0.{i}.1", "Firefox, Linux", default)));
        }

        Assert.InRange(Median(known) / Median(unknown), 0.9, 1.1);
        Assert.True(Median(unknown) > 30, "An unknown address costs no hash.");
    }

    [Fact]
    public async Task Invite_OfKnownAndUnknownAddresses_TakesTheSameTime()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:AnswerFloor"] = "00:00:00.200" });
        var owner = await host.ActorAsync();
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!;
        var (known, unknown) = (new List<double>(), new List<double>());
        for (var i = 0; i < 40; i++)
        {
            host.Clock.Advance(TimeSpan.FromHours(1)); // no more than twenty in one
            var user = await host.UserAsync();

            // In turn: whoever comes first after that hour finds every short-lived cache empty.
            foreach (var isKnown in i % 2 == 0 ? new[] { true, false } : [false, true])
            {
                var email = isKnown ? user.Email! : $"unknown{i}@example.org";
                (isKnown ? known : unknown).Add(await TimeAsync(() => host.Get<InvitationService>().InviteAsync(owner, team.Slug, email, TeamRole.Viewer, People.Link, default)));
            }
        }

        Assert.InRange(Median(known) / Median(unknown), 0.9, 1.1);
        Assert.True(Median(unknown) >= 199, "The floor does not hold.");
    }

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
