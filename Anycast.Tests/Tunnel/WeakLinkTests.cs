using System.Diagnostics;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Tunnel;

/// <summary>The tunnel over a network that resets, falls silent, is slow and flaps.</summary>
public sealed class WeakLinkTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reset_DuringACall_FailsItAtOnceAndTheAgentComesBack()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => Task.Delay(Timeout.Infinite, c.RequestAborted));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
        var waiting = world.Client.GetObjectsAsync("/api/v1/nodes", Ct);
        await Eventually.TrueAsync(() => api.Calls.Any(c => c.Target.Contains("nodes", StringComparison.Ordinal)), "the call is under way");

        var clock = Stopwatch.StartNew();
        world.Link!.Reset();
        await Assert.ThrowsAsync<AgentOfflineException>(() => waiting);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"failed after {clock.Elapsed}");
        await world.ConnectedAsync();
        await Eventually.TrueAsync(() => api.Calls.Any(c => c.Aborted), "what ran at the API server was cancelled");
    }

    [Fact]
    public async Task Silence_OfTheNetwork_IsNoticedOnBothSidesAndNoCallWaitsLong()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, """{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[]}"""));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
        Assert.True((await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);

        var clock = Stopwatch.StartNew();
        using (world.Link!.Silence())
        {
            await Assert.ThrowsAsync<AgentOfflineException>(() => world.Client.GetObjectsAsync("/api/v1/nodes", Ct));
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"a call waited for {clock.Elapsed}");
            await world.Client.Carrier.Closed.WaitAsync(s_patience, Ct);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"noticed after {clock.Elapsed}");
        }

        // Only an agent that noticed by itself dials again: its old connection was never closed in its face.
        await world.ConnectedAsync(s_patience);
        Assert.True((await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);
    }

    [Fact]
    public async Task Latency_OfTwoSecondsThereAndBack_IsBorne()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, """{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[]}"""));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true, latency: TimeSpan.FromSeconds(1));
        var carrier = world.Client.Carrier;

        // Longer than the pings allow an agent to be silent: three of them come and go meanwhile.
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(16))
        {
            Assert.True((await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);
        }

        Assert.True(carrier.IsOpen);
        Assert.InRange(carrier.RoundTrip, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(9));
    }

    [Fact]
    public async Task Loss_OfThirtyPercent_SlowsCallsAndFailsThemInTimeAtWorst()
    {
        var nodes = string.Join(',', Enumerable.Range(0, 300).Select(i => "{\"metadata\":{\"name\":\"node-" + i + "\"}}"));
        var list = """{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[""" + nodes + "]}";
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, list));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
        world.Link!.Loss = 0.3;
        var (done, longest) = (0, TimeSpan.Zero);
        while (done < 40)
        {
            var clock = Stopwatch.StartNew();
            try
            {
                Assert.True((await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);
                done++;
                longest = clock.Elapsed > longest ? clock.Elapsed : longest;
            }
            catch (AgentOfflineException)
            {
                // Five losses in a row look like a dead network to the pings. Then the agent dials again.
                longest = clock.Elapsed > longest ? clock.Elapsed : longest;
                await world.ConnectedAsync(s_patience);
            }
        }

        Assert.True(world.Link.Lost > 20, $"only {world.Link.Lost} segments were lost");
        Assert.True(longest > TimeSpan.FromMilliseconds(200), "nothing was slow: the loss is not felt");
        Assert.True(longest < TimeSpan.FromSeconds(30), $"a call took {longest}");
    }

    [Fact]
    public async Task Flapping_ConnectionThatIsCutAgainAndAgain_IsMadeAgainWithOneKey()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, """{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[]}"""));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
        for (var cut = 0; cut < 3; cut++)
        {
            Assert.True((await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);
            world.Link!.Reset();
            await world.ConnectedAsync(s_patience);
        }

        Assert.True((await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).IsOk);
        Assert.Single(world.Service.Hellos.Select(h => h.PublicKey).Distinct());
        Assert.Equal(["token-1", null, null, null], world.Service.Hellos.Select(h => h.Token));
    }
}
