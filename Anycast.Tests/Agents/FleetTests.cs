using Anycast.Core.Agents;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;
using Anycast.Tunnel.Rows;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Agents;

/// <summary>Many agents come back to a service that was killed: the real service as a process, and the real agents' way of dialling, in real time.</summary>
public sealed class FleetTests
{
    private static readonly TimeSpan s_stable = TimeSpan.FromSeconds(61);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task Twenty_AfterTheServiceWasKilled_AllComeBack() => ComeBackAsync(20, stable: false);

    [Fact]
    [Trait("Category", "Long")]
    public Task FiveHundred_AfterTheServiceWasKilled_ComeBackSpreadAndSoon() => ComeBackAsync(500, stable: true);

    private static async Task ComeBackAsync(int count, bool stable)
    {
        await using var app = await AppProcess.StartAsync(new Dictionary<string, string?> { ["Logging:LogLevel:Default"] = "Warning" });
        await app.KillAsync();
        var enrolments = await EnrolAsync(app.Data, count);
        await app.RestartAsync();
        await using var fleet = await HandmadeAgents.StartAsync(app.Address, enrolments, i => new AgentAbout(AgentRelease.Current, RedactionSpecification.Current.Version, $"uid-{i}", "v1.32.0"), AnswerAsync);
        await Eventually.TrueAsync(() => fleet.Agents.All(a => a.Status.IsConnected), "all are connected", TimeSpan.FromMinutes(3));
        var up = DateTimeOffset.UtcNow;
        if (stable)
        {
            // Only after a minute does an agent trust its connection, and begin anew with short pauses when it ends.
            await Eventually.TrueAsync(() => DateTimeOffset.UtcNow - up > s_stable, "a minute has passed", s_stable * 2);
        }

        var killed = DateTimeOffset.UtcNow;
        await app.KillAsync();
        await app.RestartAsync();
        var processor = app.ProcessorTime;
        var ready = DateTimeOffset.UtcNow;
        await Eventually.TrueAsync(() => fleet.Agents.All(a => a.Connected.Any(at => at > killed)), "all are back", TimeSpan.FromMinutes(3));
        var used = (app.ProcessorTime - processor) / (DateTimeOffset.UtcNow - ready);

        var back = fleet.Agents.Select(a => (a.Connected.First(at => at > killed) - killed).TotalSeconds).Order().ToList();
        var busiest = back.Max(s => back.Count(other => other >= s && other < s + 1)) / (double)count;
        var late = back[(int)Math.Ceiling(count * 0.99) - 1];
        Assert.True(late <= 90, $"99 % are back after {late:0.0} s");
        Assert.All(fleet.Agents, a => Assert.True(a.Status.IsConnected, a.Status.Why));
        if (stable)
        {
            FaultFigures.Record(
                $"{count} agents after the service was killed and started again",
                ("back within one second, share of the fleet", 100 * busiest, "%", 8),
                ("99 % are back after the kill", late, "s", 90),
                ("the service was away", (ready - killed).TotalSeconds, "s", null),
                ("processor time of the service meanwhile, of 2 cores", 100 * used / 2, "%", 80));
            Assert.True(busiest <= 0.08, $"{busiest:P1} in one second");
        }
    }

    /// <summary>Writes teams, clusters and keys into the database of a service that is stopped.</summary>
    private static async Task<List<HandmadeEnrolment>> EnrolAsync(string data, int count)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Anycast:Data:Directory"] = data }).Build();
        await using var services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddData(configuration, data).BuildServiceProvider();
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync(Ct);
        var now = DateTimeOffset.UtcNow;
        var team = new Team { Id = Ids.New(TimeProvider.System), Slug = "fleet", Name = "Fleet", CreatedAt = now };
        db.Teams.Add(team);
        var enrolments = new List<HandmadeEnrolment>();
        for (var i = 0; i < count; i++)
        {
            var id = Guid.NewGuid();
            var enrolment = new HandmadeEnrolment(AgentId: id.ToString());
            var cluster = new Cluster { Id = Guid.NewGuid(), TeamId = team.Id, Slug = $"c{i}", Name = $"Cluster {i}", ClusterUid = $"uid-{i}", CreatedAt = now };
            db.Clusters.Add(cluster);
            db.Agents.Add(new Anycast.Core.Agents.Agent { Id = id, ClusterId = cluster.Id, PublicKey = enrolment.PublicKey, CreatedAt = now });
            enrolments.Add(enrolment);
        }

        await db.SaveChangesAsync(Ct);
        return enrolments;
    }

    /// <summary>An empty cluster: each stream of rows is complete at once, and then nothing happens.</summary>
    private static async Task AnswerAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (target == TunnelRoutes.About)
        {
            await context.Response.WriteAsJsonAsync(new AgentAbout(AgentRelease.Current, RedactionSpecification.Current.Version, "uid", "v1.32.0"), TunnelJson.Default.AgentAbout);
            return;
        }

        if (!target.StartsWith(TunnelRoutes.Rows + "/", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 404;
            return;
        }

        using var rows = new RowWriter(context.Response.BodyWriter);
        rows.Write(RowChangeType.Reset);
        rows.Write(RowChangeType.Synced);
        while (true)
        {
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromSeconds(10), context.RequestAborted);
            rows.Write(RowChangeType.Heartbeat);
        }
    }
}
