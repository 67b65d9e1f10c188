using System.Diagnostics;
using Anycast.Agent;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;
using Anycast.Tunnel.Carrier;


namespace Anycast.Tests.Agent;

/// <summary>The agent as its own process: frozen, killed, refused, stopped.</summary>
public sealed class AgentProcessTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Freeze_OfTheAgent_IsNoticedWithinFifteenSeconds()
    {
        await using var api = await ScriptedApi.StartAsync((c, call) => Task.Delay(Timeout.Infinite, c.RequestAborted));
        await using var service = await ServiceHost.StartAsync();
        using var agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
        var carrier = await service.NextAsync(TimeSpan.FromSeconds(60));
        var client = new AgentClient(carrier);
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in client.WatchRowsAsync("Pod", null, Ct))
            {
                // Nothing comes: the API server of this test never answers.
            }
        });
        await Eventually.TrueAsync(() => carrier.RoundTrip > TimeSpan.Zero, "the tunnel works");

        var clock = Stopwatch.StartNew();
        agent.Signal("STOP");
        await carrier.Closed.WaitAsync(TimeSpan.FromSeconds(30), Ct);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"noticed after {clock.Elapsed}");
        await Assert.ThrowsAsync<AgentOfflineException>(() => reading);
        agent.Signal("CONT");
        await (await service.NextAsync(TimeSpan.FromSeconds(60))).DisposeAsync();
    }

    [Fact]
    public async Task Kill_OfTheAgent_IsNoticedAtOnce()
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var service = await ServiceHost.StartAsync();
        using var agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
        var carrier = await service.NextAsync(TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => carrier.RoundTrip > TimeSpan.Zero, "the tunnel works");

        var clock = Stopwatch.StartNew();
        agent.Signal("KILL");
        await carrier.Closed.WaitAsync(TimeSpan.FromSeconds(30), Ct);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"noticed after {clock.Elapsed}");
        await Assert.ThrowsAsync<AgentOfflineException>(() => new AgentClient(carrier).GetObjectsAsync("/api/v1/pods", Ct));
    }

    [Fact]
    public async Task Token_ThatWasUsed_EndsTheProcessAndSaysWhy()
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var service = await ServiceHost.StartAsync();
        service.Decide = (_, _) => new ConnectDecision.Refuse(RefusalCodes.TokenUsed, "This token was used before. Make a new one.");
        using var agent = new AgentProcess(service.Address, api.Kubeconfig, "used");

        Assert.Equal(AgentHost.Refused, await agent.ExitAsync(TimeSpan.FromSeconds(60)));
        await Eventually.TrueAsync(() => agent.Log.Contains("used before", StringComparison.Ordinal), "the log says why");
        Assert.DoesNotContain("used\"", agent.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminate_OfAConnectedAgent_EndsItCleanly()
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var service = await ServiceHost.StartAsync();
        using var agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
        await using var carrier = await service.NextAsync(TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(async () => await agent.HealthAsync("ready") == "Connected as test cluster.", "it is ready");
        Assert.NotEmpty(await agent.HealthAsync("live"));
        Assert.Empty(await agent.HealthAsync("other"));

        agent.Signal("TERM");

        Assert.Equal(AgentHost.Stopped, await agent.ExitAsync(TimeSpan.FromSeconds(20)));
    }
}
