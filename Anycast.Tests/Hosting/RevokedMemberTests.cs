using System.Diagnostics;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Anycast.Tests.Harness.Circuits;
using Anycast.Tests.Journeys;
using Anycast.Web.Accounts;
using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Tests.Hosting;

/// <summary>
/// Somebody who goes on clicking in an open page while another replica removes or demotes them, or ends their session (T11). Replicas are processes
/// on one PostgreSQL.
/// </summary>
public sealed class RevokedMemberTests
{
    private static readonly TimeSpan s_lastAction = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_closed = TimeSpan.FromSeconds(5);

    [Fact]
    public Task Clicks_AfterARemovalOnAnotherReplica_AreRefusedAndThePageIsClosed() => RunAsync(replicas: 2, trials: 20);

    [Fact]
    [Trait("Category", "Long")]
    public Task Clicks_AfterARemovalFiveHundredTimesOnThreeReplicas_AreRefusedAndThePageIsClosed() =>
        RunAsync(replicas: 3, trials: 500, "500 members removed, demoted or signed out by another replica while they click, 3 replicas");

    /// <summary>A database that cannot be asked signs nobody out, but what it said last is believed no longer than 30 seconds.</summary>
    [Fact]
    public async Task Session_WhoseStoreIsGone_IsBelievedForThirtySecondsAndThenNobodys()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var user = await host.UserAsync();
        var session = Ids.New(host.Clock);
        await host.Get<SessionService>().OpenAsync(session, user.Id, [1], "192.0.2.1", "Firefox, Linux", default);
        using var provider = new SessionAuthenticationStateProvider(NullLoggerFactory.Instance, host.Get<SessionService>(), host.Clock, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        ((IHostEnvironmentAuthenticationStateProvider)provider).SetAuthenticationState(Task.FromResult(new AuthenticationState(Principal.For(user, session, "192.0.2.1", "Firefox, Linux"))));
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await ActorAsync(provider)).IsUser);
        await using (var db = await host.OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE \"Sessions\" RENAME TO \"Away\"");
        }

        host.Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.True((await ActorAsync(provider)).IsUser);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Actor.Anonymous, await ActorAsync(provider));
        await using (var db = await host.OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE \"Away\" RENAME TO \"Sessions\"");
        }

        Assert.Equal(Actor.Anonymous, await ActorAsync(provider)); // What became nobody stays nobody.
    }

    [Fact]
    public async Task Session_ThatWasEnded_IsNobodysForWhoeverActsASecondLater()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var user = await host.UserAsync();
        var session = Ids.New(host.Clock);
        await host.Get<SessionService>().OpenAsync(session, user.Id, [1], "192.0.2.1", "Firefox, Linux", default);
        using var provider = new SessionAuthenticationStateProvider(NullLoggerFactory.Instance, host.Get<SessionService>(), host.Clock, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        ((IHostEnvironmentAuthenticationStateProvider)provider).SetAuthenticationState(Task.FromResult(new AuthenticationState(Principal.For(user, session, "192.0.2.1", "Firefox, Linux"))));
        await host.Get<SessionService>().CloseOthersAsync(user.Id, keep: null, default);
        host.Clock.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(Actor.Anonymous, await ActorAsync(provider));
    }

    private static async Task<Actor> ActorAsync(AuthenticationStateProvider provider) => (await provider.GetAuthenticationStateAsync()).User.ToActor();

    private static async Task RunAsync(int replicas, int trials, string? figure = null)
    {
        Assert.SkipUnless(TestDatabase.PostgresServer is not null, "Replicas share a PostgreSQL.");
        await using var database = await TestDatabase.CreateAsync(TestProvider.Postgres);
        var settings = DemoProduct.Settings;
        settings["Anycast:Demo:Enabled"] = "false";
        foreach (var (key, value) in database.Settings().Where(s => s.Key != "Anycast:Data:Directory"))
        {
            settings[key] = value;
        }

        // Where the change is made: a replica too, in this process.
        await using var site = await CircuitSite.StartAsync(settings);
        var processes = new List<AppProcess>();
        try
        {
            for (var i = 0; i < replicas; i++)
            {
                processes.Add(await AppProcess.StartAsync(settings));
            }

            var owner = await site.PersonAsync();
            var team = (await site.Services.GetRequiredService<TeamService>().CreateAsync(owner.Actor, "Platform", default)).Value!;
            var results = new List<Trial>();
            for (var i = 0; i < trials; i += 4)
            {
                // A few at once: each is a person, a page and a change of its own.
                var part = Enumerable.Range(i, Math.Min(4, trials - i)).Select(n => TryAsync(site, owner, team, processes[n % replicas], (Change)(n % 3)));
                results.AddRange(await Task.WhenAll(part));
            }

            var last = results.Select(r => r.LastAction.TotalSeconds).Order().ToList();
            var closed = results.Select(r => r.Closed.TotalSeconds).Order().ToList();
            if (figure is not null)
            {
                FaultFigures.Record(
                    figure,
                    ("last action accepted after the commit, p99", At(last, 0.99), "s", s_lastAction.TotalSeconds),
                    ("the page is closed after the commit, p99", At(closed, 0.99), "s", s_closed.TotalSeconds),
                    ("the page is closed after the commit, longest", closed[^1], "s", null));
            }

            // The second is measured by the long run, on a machine that does nothing else; beside other tests the clock also counts what they take.
            var allowed = figure is null ? 3 * s_lastAction.TotalSeconds : s_lastAction.TotalSeconds;
            Assert.True(At(last, 0.99) <= allowed, $"last action accepted: {string.Join(' ', last.Select(s => $"{s:0.00}"))}");
            Assert.True(At(closed, 0.99) <= s_closed.TotalSeconds, $"closed: {string.Join(' ', closed.Select(s => $"{s:0.00}"))}");
        }
        finally
        {
            foreach (var process in processes)
            {
                await process.DisposeAsync();
            }
        }
    }

    /// <summary>An admin submits the settings' form again and again; meanwhile they lose what lets them.</summary>
    private static async Task<Trial> TryAsync(CircuitSite site, CircuitPerson owner, TeamSummary team, AppProcess replica, Change change)
    {
        var admin = await site.PersonAsync(team.Id, TeamRole.Admin);
        await using var circuit = await RawCircuit.OpenAsync(site.Client, replica.Address, $"/t/{team.Slug}/settings", admin.Cookie);
        var save = await circuit.HandlerAsync(h => h is { Element: "form", Event: "submit" }, "the form");
        using var stop = new CancellationTokenSource();
        var clicking = ClickAsync(circuit, save.Id, stop.Token);
        await Eventually.TrueAsync(async () => await LastAsync(site, admin) is not null, "an action was accepted while it was allowed", TimeSpan.FromSeconds(60));
        var members = site.Services.GetRequiredService<MembershipService>();
        var done = change switch
        {
            Change.Removed => await members.RemoveAsync(owner.Actor, team.Slug, admin.Actor.UserId, People.Link, default),
            Change.Demoted => await members.ChangeRoleAsync(owner.Actor, team.Slug, admin.Actor.UserId, TeamRole.Viewer, People.Link, default),
            _ => await EndSessionsAsync(site, admin),
        };
        var (committed, at) = (Stopwatch.GetTimestamp(), DateTimeOffset.UtcNow);
        Assert.True(done.IsOk, done.Failure?.Code);
        TimeSpan closed;
        if (change == Change.SignedOut)
        {
            // The page stays with a word about it, and its circuit is nobody's: the form is drawn no more.
            await Eventually.TrueAsync(async () => !(await circuit.RaiseAsync(save.Id, "submit", "{\"type\":\"submit\"}")).Ok || !circuit.IsConnected, "the page of an ended session is closed", TimeSpan.FromSeconds(30));
            closed = Stopwatch.GetElapsedTime(committed);
        }
        else
        {
            await Eventually.TrueAsync(() => circuit.SentAwayAt > 0, $"the page of somebody {change} is closed\n{circuit.Calls}", TimeSpan.FromSeconds(30));
            closed = Stopwatch.GetElapsedTime(committed, circuit.SentAwayAt);
        }

        await stop.CancelAsync();
        await clicking;
        var last = (await LastAsync(site, admin))!.Value - at;
        return new Trial(last > TimeSpan.Zero ? last : TimeSpan.Zero, closed);
    }

    private static async Task ClickAsync(RawCircuit circuit, ulong handler, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested && circuit.IsConnected)
        {
            try
            {
                await circuit.RaiseAsync(handler, "submit", "{\"type\":\"submit\"}");
                await Task.Delay(50, ct);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async Task<Outcome> EndSessionsAsync(CircuitSite site, CircuitPerson admin)
    {
        await site.Services.GetRequiredService<SessionService>().CloseOthersAsync(admin.Actor.UserId, keep: null, default);
        return Outcome.Ok;
    }

    /// <summary>When the person's last accepted action was recorded.</summary>
    private static async Task<DateTimeOffset?> LastAsync(CircuitSite site, CircuitPerson person)
    {
        await using var db = await site.OpenAsync();
        return await db.ActivityEntries.Where(e => e.UserId == person.Actor.UserId && e.Operation == "teams.rename").Select(e => (DateTimeOffset?)e.LastAt).MaxAsync();
    }

    private static double At(List<double> sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];

    private enum Change
    {
        Removed,
        Demoted,
        SignedOut,
    }

    private sealed record Trial(TimeSpan LastAction, TimeSpan Closed);
}
