using Anycast.Core.Agents;
using Anycast.Tests.Harness;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;

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
        var enrolments = await EnrolledClusters.WriteAsync(app.Data, count);
        await app.RestartAsync();
        await using var fleet = await HandmadeAgents.StartAsync(app.Address, enrolments, i => new AgentAbout(AgentRelease.Current, RedactionSpecification.Current.Version, $"uid-{i}", "v1.32.0"), EnrolledClusters.AnswerAsync);
        await Eventually.TrueAsync(() => fleet.Agents.All(a => a.Status.IsConnected), "all are connected", TimeSpan.FromMinutes(3));
        var up = DateTimeOffset.UtcNow;
        var began = fleet.Agents.Min(a => a.Connected[0]);
        TestContext.Current.TestOutputHelper?.WriteLine("At first: " + string.Join(' ', fleet.Agents.GroupBy(a => (int)(a.Connected[0] - began).TotalSeconds).OrderBy(g => g.Key).Select(g => $"{g.Key}:{g.Count()}")));
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
        TestContext.Current.TestOutputHelper?.WriteLine("Back in each second after the kill: " + string.Join(' ', back.GroupBy(s => (int)s).OrderBy(g => g.Key).Select(g => $"{g.Key}:{g.Count()}")));
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
}
