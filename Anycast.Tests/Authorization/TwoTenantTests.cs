using System.Diagnostics;
using System.Net;
using System.Reflection;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Proposals;
using Anycast.Core.Teams.Invitations;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Authorization;

/// <summary>
/// The owner of one team asks for another team's things by their ids (T14): at every method of Core and every route that takes an id, each id alone
/// and all together. The answer is the one for an id that exists nowhere: the same words, the same length, and as quick.
/// </summary>
public sealed class TwoTenantTests
{
    private const string TheirCluster = "theirs-1";
    private const string NoCluster = "nowhere1";

    [Fact]
    [PolicyClause("U02")]
    public async Task Methods_WithIdsOfAnotherTeam_AnswerAsIfThereWereNothing()
    {
        await using var host = await MatrixTests.HostAsync();
        var (calls, leaks) = await CrawlAsync(host, MatrixTests.Methods(), host.Services);
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
        Assert.True(calls > 120, $"only {calls} calls: the crawler finds nothing to ask");
    }

    /// <summary>The positive control: a service that reads by id and does not ask whose it is.</summary>
    [Fact]
    public async Task Crawler_OfAServiceThatDoesNotAsk_FindsIt()
    {
        await using var host = await MatrixTests.HostAsync();
        await using var services = new ServiceCollection().AddSingleton(host.Get<IDbContextFactory<AppDbContext>>()).AddSingleton<Careless>().BuildServiceProvider();
        var (_, leaks) = await CrawlAsync(host, typeof(Careless).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly), services);
        Assert.Equal(2, leaks.Count(l => l.Contains("Careless.Find", StringComparison.Ordinal)));
    }

    [Fact]
    public Task Routes_WithIdsOfAnotherTeam_AnswerAsIfThereWereNothing() => RoutesAsync(tolerance: 0.25, most: 160);

    [Fact]
    [Trait("Category", "Long")]
    public Task Routes_WithIdsOfAnotherTeam_TakeTheSameTime() => RoutesAsync(tolerance: 0.05, most: 1280, "Routes with ids of another team against ids that exist nowhere");

    [Fact]
    [Trait("Category", "Long")]
    public async Task Methods_WithIdsOfAnotherTeam_TakeTheSameTime()
    {
        await using var host = await MatrixTests.HostAsync();
        var times = new List<(string Name, double Ratio)>();
        await CrawlAsync(host, MatrixTests.Methods(), host.Services, async (name, theirs, nowhere) => times.Add((name, await RatioAsync(theirs, nowhere, 0.05, 1280))));
        var apart = times.Where(t => t.Ratio is < 0.95 or > 1.05).Select(t => $"{t.Name} {t.Ratio:0.00}").ToList();
        FaultFigures.Record("Methods of Core with ids of another team against ids that exist nowhere", ("methods and ids compared", times.Count, "", null), ("median times more than 5 % apart", apart.Count, "", 0));
        Assert.Empty(apart);
    }

    /// <summary>The positive control of the times: a tenth more is seen.</summary>
    [Fact]
    public async Task Times_OfWhatDoesMoreForAnIdThatExists_AreToldApart()
    {
        static Task<string> SpinAsync(double milliseconds)
        {
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < milliseconds)
            {
                Thread.SpinWait(50);
            }

            return Task.FromResult("");
        }

        Assert.True(await RatioAsync(() => SpinAsync(0.6), () => SpinAsync(0.4), 0.05, 160) > 1.25);
    }

    private static async Task RoutesAsync(double tolerance, int most, string? figure = null)
    {
        using var app = new InProcessApp();
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false });
        var theirs = await MakeTheirsAsync(app.Services, TimeProvider.System);
        var own = await MatrixWorld.MakeAsync(app.Services, TimeProvider.System);
        var cookie = await app.Services.SessionCookieAsync(own["owner"]);
        var (leaks, times, compared) = (new List<string>(), new List<(string Name, double Ratio)>(), 0);
        var routes = RouteMatrixTests.Routes(app).Where(r => r.Method == "GET" && RouteMatrixTests.ParameterPattern().Matches(r.Pattern).Any(m => IsId(m.Groups[1].Value))).Select(r => r.Pattern).ToList();
        Assert.True(routes.Count > 18, $"only {routes.Count} routes with ids");
        foreach (var pattern in routes)
        {
            var deeper = RouteMatrixTests.ParameterPattern().Matches(pattern).Select(m => m.Groups[1].Value.ToLowerInvariant()).Any(n => n is "cluster" or "id");
            var cases = new List<(string Name, string Theirs, string Nowhere)> { (pattern, Address(pattern, theirs.Slug, TheirCluster, IdOf(pattern, theirs)), Address(pattern, NewSlug(), NoCluster, Guid.NewGuid())) };
            if (deeper && pattern.StartsWith("/t/", StringComparison.Ordinal))
            {
                cases.Add((pattern + " of the own team", Address(pattern, own.Slug, TheirCluster, IdOf(pattern, theirs)), Address(pattern, own.Slug, NoCluster, Guid.NewGuid())));
            }

            foreach (var (name, asked, nowhere) in cases)
            {
                var (a, b) = (await AskAsync(client, asked, cookie), await AskAsync(client, nowhere, cookie));
                if (a.Status != b.Status || a.Length != b.Length || a.Status != HttpStatusCode.NotFound)
                {
                    leaks.Add($"{name}: {(int)a.Status} of {a.Length} bytes, and {(int)b.Status} of {b.Length} for what does not exist");
                }

                if (compared++ % (figure is null ? 8 : 1) == 0) // Each eighth in the default run: measuring takes its time.
                {
                    times.Add((name, await RatioAsync(() => AskAsync(client, asked, cookie), () => AskAsync(client, nowhere, cookie), tolerance, most)));
                }
            }
        }

        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
        var apart = times.Where(t => Math.Abs(t.Ratio - 1) > tolerance).Select(t => $"{t.Name} {t.Ratio:0.000}").ToList();
        if (figure is not null)
        {
            FaultFigures.Record(
                figure,
                ("routes and ids compared", compared, "", null), ("answers that differ in status or length", leaks.Count, "", 0),
                ("median times more than 5 % apart", apart.Count, "", 0), ("largest difference of medians", times.Max(t => Math.Abs(t.Ratio - 1)) * 100, "%", null));
        }

        Assert.True(apart.Count == 0, string.Join('\n', apart));
    }

    private static async Task<(int Calls, List<string> Leaks)> CrawlAsync(
        CoreHost host, IEnumerable<MethodInfo> methods, IServiceProvider services, Func<string, Func<Task<string>>, Func<Task<string>>, Task>? measure = null)
    {
        var (calls, leaks) = (0, new List<string>());
        var theirs = await MakeTheirsAsync(host.Services, host.Clock);
        MatrixWorld? own = null;
        foreach (var method in methods)
        {
            var parameters = method.GetParameters();
            var ids = parameters.Where(p => IsId(p)).ToList();
            var subsets = ids.Select(p => new[] { p }).Concat(ids.Count > 1 ? [[.. ids]] : []);
            foreach (var subset in subsets)
            {
                own ??= await MatrixWorld.MakeAsync(host.Services, host.Clock);
                var actor = own["owner"];
                object?[] With(Func<ParameterInfo, object?> other) => [.. parameters.Select(p => p.ParameterType == typeof(Actor) ? actor : subset.Contains(p) ? other(p) : own.Argument(p.Name!, p.ParameterType, method.DeclaringType!))];
                var (a, b) = (With(p => Theirs(p, theirs, method.DeclaringType!)), With(p => Nowhere(p, theirs, method.DeclaringType!)));
                var name = $"{method.DeclaringType!.Name}.{method.Name} with {string.Join(", ", subset.Select(p => p.Name))}";
                var (answer, expected) = (await CallAsync(services, method, a), await CallAsync(services, method, b));
                calls++;
                if (answer != expected || answer.StartsWith("throws", StringComparison.Ordinal))
                {
                    leaks.Add($"{name}: {answer}, and {expected} for what does not exist");
                }
                else if (measure is not null && answer == "not_found")
                {
                    await measure(name, () => CallAsync(services, method, a), () => CallAsync(services, method, b));
                }

                own = answer is "ok" or "done" or "value" ? null : own; // Only what was done changed anything.
            }
        }

        await AssertUntouchedAsync(host, theirs);
        return (calls, leaks);
    }

    /// <summary>Whatever was answered, nothing happened to the other team.</summary>
    private static async Task AssertUntouchedAsync(CoreHost host, MatrixWorld theirs)
    {
        await using var db = await host.OpenAsync();
        Assert.Equal("Team", (await db.Teams.SingleAsync(t => t.Id == theirs.TeamId)).Name);
        Assert.Equal(9, await db.Memberships.CountAsync(m => m.TeamId == theirs.TeamId));
        Assert.Equal("Cluster", (await db.Clusters.SingleAsync(c => c.Id == theirs.ClusterId)).Name);
        Assert.Equal(ProposalState.Proposed, (await db.Proposals.SingleAsync(p => p.Id == theirs.ProposalId)).State);
        Assert.Equal("Chat", (await db.Conversations.SingleAsync(c => c.Id == theirs.ConversationId)).Title);
        Assert.Equal(InvitationState.Pending, (await db.TeamInvitations.SingleAsync(i => i.Id == theirs.InvitationId)).State);
        Assert.True(await db.ApiTokens.AnyAsync(t => t.Id == theirs.TokenId));
        Assert.True(await db.Sessions.AnyAsync(s => s.Id == theirs.TargetSession));
    }

    private static async Task<MatrixWorld> MakeTheirsAsync(IServiceProvider services, TimeProvider clock)
    {
        var theirs = await MatrixWorld.MakeAsync(services, clock);
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        await db.Clusters.Where(c => c.Id == theirs.ClusterId).ExecuteUpdateAsync(s => s.SetProperty(c => c.Slug, TheirCluster));
        return theirs;
    }

    private static bool IsId(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(Guid) || parameter.ParameterType == typeof(ProposalRequest) || (parameter.ParameterType == typeof(string) && parameter.Name is "team" or "slug" or "cluster");

    private static bool IsId(string name) => name.ToLowerInvariant() is "team" or "teamslug" or "cluster" or "id";

    private static object? Theirs(ParameterInfo parameter, MatrixWorld theirs, Type service) => (parameter.Name, service.Name) switch
    {
        ("cluster", _) => TheirCluster,
        ("id", "ApiTokenService") => theirs.TokenId,
        _ => theirs.Argument(parameter.Name!, parameter.ParameterType, service),
    };

    private static object? Nowhere(ParameterInfo parameter, MatrixWorld theirs, Type service) => parameter.ParameterType switch
    {
        var t when t == typeof(Guid) => Guid.NewGuid(),
        var t when t == typeof(ProposalRequest) => (ProposalRequest)theirs.Argument(parameter.Name!, t, service)! with { ClusterId = Guid.NewGuid() },
        _ => parameter.Name == "cluster" ? NoCluster : NewSlug(),
    };

    private static string NewSlug() => "t" + Guid.NewGuid().ToString("N")[..16];

    private static string Address(string pattern, string team, string cluster, Guid id) => RouteMatrixTests.ParameterPattern().Replace(pattern, match => match.Groups[1].Value.ToLowerInvariant() switch
    {
        "team" or "teamslug" => team,
        "cluster" => cluster,
        "id" => id.ToString(),
        "segment" => "pods",
        "group" => "apps",
        "kind" => "Deployment",
        "namespace" => "shop",
        "name" => "checkout",
        var other => throw new InvalidOperationException($"The crawler has no value for a route's parameter '{other}'; say one in TwoTenantTests.Address."),
    });

    private static Guid IdOf(string pattern, MatrixWorld world) =>
        pattern.StartsWith("/avatars", StringComparison.Ordinal) ? world.AvatarId : pattern.Contains("/chat", StringComparison.Ordinal) ? world.ConversationId : world.ProposalId;

    private static async Task<(HttpStatusCode Status, int Length)> AskAsync(HttpClient client, string address, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Cookie", cookie);
        using var answer = await client.SendAsync(request);
        return (answer.StatusCode, (await answer.Content.ReadAsByteArrayAsync()).Length);
    }

    private static async Task<string> CallAsync(IServiceProvider services, MethodInfo method, object?[] arguments)
    {
        try
        {
            var task = (Task)method.Invoke(services.GetRequiredService(method.DeclaringType!), arguments)!;
            await task;
            return task.GetType().GetProperty("Result")?.GetValue(task) is { } result && result.GetType().Name != "VoidTaskResult" ? MatrixTests.Describe(result) : "done";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return "throws " + (e.InnerException ?? e).GetType().Name;
        }
    }

    /// <summary>The ratio of the median times, taken in turn; as many more samples as it needs before the two are called apart.</summary>
    private static async Task<double> RatioAsync<T>(Func<Task<T>> first, Func<Task<T>> second, double tolerance, int most)
    {
        for (var i = 0; i < 3; i++)
        {
            await first();
            await second();
        }

        return (await TimeComparison.MeasureAsync(10, most, (isFirst, _) => Task.FromResult<Func<Task>>(isFirst ? first : second), tolerance)).Ratio;
    }

    /// <summary>What the crawler must find.</summary>
    public sealed class Careless(IDbContextFactory<AppDbContext> contexts)
    {
        /// <summary>By id alone.</summary>
        public async Task<Outcome<string>> FindAsync(Actor actor, Guid clusterId, CancellationToken ct)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            return actor.IsUser && await db.Clusters.Where(c => c.Id == clusterId).Select(c => c.Name).SingleOrDefaultAsync(ct) is { } name ? name : Failure.NotFound;
        }

        /// <summary>Another answer for what exists than for what does not.</summary>
        public async Task<Outcome> FindOutAsync(Actor actor, Guid proposalId, CancellationToken ct)
        {
            await using var db = await contexts.CreateDbContextAsync(ct);
            return actor.IsUser && await db.Proposals.AnyAsync(p => p.Id == proposalId, ct) ? Failure.Forbidden : Failure.NotFound;
        }
    }
}
