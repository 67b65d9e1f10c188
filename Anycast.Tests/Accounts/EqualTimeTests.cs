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
    private const int Pairs = 100; // two hundred tries

    [Fact]
    public async Task Forgot_OfKnownAndUnknownAddresses_TakesTheSameTime() => await CompareAsync("00:00:00.120", (host, email, i) =>
        host.Get<AccountService>().ForgotPasswordAsync(email, $"203.0.{i / 250}.{i % 250}", People.Link, default));

    [Fact]
    public async Task Register_OfKnownAndUnknownAddresses_TakesTheSameTime() => await CompareAsync("00:00:00.040", (host, email, i) => // a registration takes three floors
        host.Get<AccountService>().RegisterAsync(new Registration(email, "Somebody", CoreHost.Password, "en", host.Get<TermsService>().Current), $"203.0.{i / 250}.{i % 250}", People.Link, default));

    [Fact]
    public async Task Forgot_WithoutTheFloor_TellsByItsTime()
    {
        // The measure's own control: with the defence off it finds what it looks for.
        var ratio = await RatioAsync("00:00:00", (host, email, i) => host.Get<AccountService>().ForgotPasswordAsync(email, $"203.0.{i / 250}.{i % 250}", People.Link, default), most: Pairs);
        Assert.False(TimeComparison.IsEqual(ratio), $"{ratio:0.00}");
    }

    [Fact]
    public async Task SignIn_OfKnownAndUnknownAddresses_TakesTheSameTime()
    {
        // No floor here, which would make every sign-in wait: the hash itself is the time, and an unknown address costs one too.
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:BcryptCost"] = "10" });
        var signIn = host.Get<SignInService>();
        var time = await TimeComparison.MeasureAsync(Pairs, Pairs * 4, async (isKnown, i) =>
        {
            var email = isKnown ? (await host.UserAsync()).Email! : $"unknown{i}@example.org";
            return () => signIn.PasswordAsync(email, "not the right one", $"203.{i / 250}.{i % 250}.1", "Firefox, Linux", default);
        });

        Assert.True(TimeComparison.IsEqual(time.Ratio), $"{time.Ratio:0.00}");
        Assert.True(time.Shortest > 20, $"An unknown address costs no hash: {time.Shortest:0.0} ms.");
    }

    [Fact]
    public async Task Invite_OfKnownAndUnknownAddresses_TakesTheSameTime()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:AnswerFloor"] = "00:00:00.200" });
        var owner = await host.ActorAsync();
        var team = (await host.Get<TeamService>().CreateAsync(owner, "Team", default)).Value!;
        var time = await TimeComparison.MeasureAsync(40, 160, async (isKnown, i) =>
        {
            host.Clock.Advance(TimeSpan.FromMinutes(30)); // no more than twenty in an hour
            var email = isKnown ? (await host.UserAsync()).Email! : $"unknown{i}@example.org";
            return () => host.Get<InvitationService>().InviteAsync(owner, team.Slug, email, TeamRole.Viewer, People.Link, default);
        });

        Assert.True(TimeComparison.IsEqual(time.Ratio), $"{time.Ratio:0.00}");
        Assert.True(time.Shortest >= 200, $"The floor does not hold: {time.Shortest:0.000} ms.");
    }

    private static async Task CompareAsync<T>(string floor, Func<CoreHost, string, int, Task<T>> ask)
    {
        var ratio = await RatioAsync(floor, ask, atLeast: 120);
        Assert.True(TimeComparison.IsEqual(ratio), $"{ratio:0.00}");
    }

    private static async Task<double> RatioAsync<T>(string floor, Func<CoreHost, string, int, Task<T>> ask, double atLeast = 0, int most = Pairs * 4)
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite, settings: new Dictionary<string, string?> { ["Anycast:Accounts:AnswerFloor"] = floor });
        var time = await TimeComparison.MeasureAsync(Pairs, most, async (isKnown, i) =>
        {
            var email = isKnown ? (await host.UserAsync()).Email! : $"unknown{i}@example.org";
            return () => ask(host, email, i);
        });

        Assert.True(time.Shortest >= atLeast, $"The floor does not hold: {time.Shortest:0.000} ms.");
        return time.Ratio;
    }
}
