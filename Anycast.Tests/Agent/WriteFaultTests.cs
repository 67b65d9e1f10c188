using System.Diagnostics;
using System.Globalization;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;
using Anycast.Tunnel.Operations;

namespace Anycast.Tests.Agent;

/// <summary>
/// An approved operation, while the network is cut or the agent is killed at every point of it. Whatever happened, the same approval sent
/// again has no second effect, and reading back tells whether there was one.
/// </summary>
public sealed class WriteFaultTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task Cut_AtEveryPointOfAWrite_HasOneEffect() => CutAsync(12);

    [Fact]
    [Trait("Category", "Long")]
    public Task Cut_FiveHundredTimes_HasOneEffectEach() => CutAsync(500, "500 writes, the network cut (RST) at each of 6 points of them");

    [Fact]
    public Task Kill_AtEveryPointOfAWrite_HasOneEffect() => KillAsync(6);

    [Fact]
    [Trait("Category", "Long")]
    public Task Kill_TwoHundredTimes_HasOneEffectEach() => KillAsync(200, "200 writes, the agent killed (SIGKILL) at each of 6 points of them");

    [Fact]
    public Task Loss_OfThirtyPercent_HasOneEffectEach() => LoseAsync(8);

    [Fact]
    [Trait("Category", "Long")]
    public Task Loss_OfThirtyPercent_AHundredTimes_HasOneEffectEach() => LoseAsync(100, "100 writes, 30 % of the segments lost");

    [Fact]
    [Trait("Category", "Long")]
    public Task Latency_OfTwoSeconds_HasOneEffectEach() => SlowAsync(10, "10 writes, 2 s there and back");

    [Fact]
    [Trait("Category", "Long")]
    public Task Flapping_EveryFiveSeconds_HasOneEffectEach() => FlapAsync(30, "30 slow writes, the network cut every 5 s");

    private static async Task CutAsync(int times, string? figure = null)
    {
        var (deployment, tally) = (new CountingDeployment(), new Tally());
        await using var api = await ScriptedApi.StartAsync(deployment.AnswerAsync);
        for (var i = 0; i < times; i++)
        {
            // A world each: the agent's back-off grows with every cut, and is another test's matter.
            await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
            await RunAsync(deployment, tally, i, world.Client, world.Link!.Reset, async () =>
            {
                await world.ConnectedAsync(s_patience);
                return world.Client;
            });
        }

        tally.Record(figure);
    }

    private static async Task LoseAsync(int times, string? figure = null)
    {
        var (deployment, tally) = (new CountingDeployment(), new Tally());
        await using var api = await ScriptedApi.StartAsync(deployment.AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
        world.Link!.Loss = 0.3;
        await ManyAsync(times, deployment, tally, world);
        Assert.True(world.Link.Lost > times, $"only {world.Link.Lost} segments were lost");
        tally.Record(figure);
    }

    private static async Task SlowAsync(int times, string? figure)
    {
        var (deployment, tally) = (new CountingDeployment(), new Tally());
        await using var api = await ScriptedApi.StartAsync(deployment.AnswerAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true, latency: TimeSpan.FromSeconds(1));
        await ManyAsync(times, deployment, tally, world);
        tally.Record(figure);
    }

    private static async Task FlapAsync(int times, string? figure)
    {
        var (deployment, tally) = (new CountingDeployment(), new Tally());
        await using var api = await ScriptedApi.StartAsync(async (context, call) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(0.5), CancellationToken.None); // so that a write takes its part of the time between two cuts
            await deployment.AnswerAsync(context, call);
        });
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var (cuts, cutting) = (0, Task.CompletedTask);
        cutting = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5));
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                world.Link!.Reset();
                cuts++;
            }
        });
        await ManyAsync(times, deployment, tally, world);
        await stop.CancelAsync();
        await cutting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.True(cuts > times / 10, $"only {cuts} cuts");
        tally.Record(figure);
    }

    /// <summary>Writes one after the other over a link that is bad all the time.</summary>
    private static async Task ManyAsync(int times, CountingDeployment deployment, Tally tally, TunnelWorld world)
    {
        for (var i = 0; i < times; i++)
        {
            await RunAsync(deployment, tally, (int)WritePoint.Sent, world.Client, () => { }, async () =>
            {
                if (!world.Client.Carrier.IsOpen)
                {
                    await world.ConnectedAsync(s_patience);
                }

                return world.Client;
            });
        }
    }

    private static async Task KillAsync(int times, string? figure = null)
    {
        var (deployment, tally) = (new CountingDeployment(), new Tally());
        await using var api = await ScriptedApi.StartAsync(deployment.AnswerAsync);
        await using var service = await ServiceHost.StartAsync();
        var agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
        try
        {
            var client = new AgentClient(await service.NextAsync(s_patience));
            for (var i = 0; i < times; i++)
            {
                await RunAsync(deployment, tally, i, client, () => agent.Signal("KILL"), async () =>
                {
                    agent.Dispose();
                    agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
                    return client = new AgentClient(await service.NextAsync(s_patience));
                });
            }
        }
        finally
        {
            agent.Dispose();
        }

        tally.Record(figure);
    }

    private static async Task RunAsync(CountingDeployment deployment, Tally tally, int run, AgentClient client, Action fault, Func<Task<AgentClient>> againAsync)
    {
        var (before, generation) = deployment.Now;
        var effects = deployment.Effects;
        var point = (WritePoint)(run % Enum.GetValues<WritePoint>().Length);
        var struck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var approved = Approval(before, generation, before % 5 + 1);
        if (point != WritePoint.Sent)
        {
            deployment.Once(point, () =>
            {
                fault();
                struck.SetResult();
                return Task.CompletedTask;
            });
        }

        var running = client.OperateAsync(approved, Ct);
        if (point == WritePoint.Sent)
        {
            fault();
            struck.SetResult();
        }

        var waited = Stopwatch.StartNew();
        var first = await running.WaitAsync(s_patience, Ct);
        tally.Longest = waited.Elapsed > tally.Longest ? waited.Elapsed : tally.Longest;
        await struck.Task.WaitAsync(s_patience, Ct);

        // The same approval once more: it takes effect only when it had none.
        OperationResult again;
        var tries = 0;
        do
        {
            client = await againAsync();
            again = await client.OperateAsync(approved, Ct);
        }
        while (again.Status == OperationStatus.Unavailable && tries++ < 20);
        Assert.True(
            again.Status is OperationStatus.Applied or OperationStatus.Changed or OperationStatus.Replayed,
            $"{point}: {first.Status}, then {again.Status} {again.Reason}");
        Assert.True(deployment.Effects - effects is 0 or 1, $"{point}: {deployment.Effects - effects} effects");
        if (first.Status == OperationStatus.Applied)
        {
            Assert.Equal(1, deployment.Effects - effects);
            Assert.NotEqual(OperationStatus.Applied, again.Status);
        }

        // What the product reads back is the truth, so that "unknown" never has to be the last word.
        var (now, version) = deployment.Now;
        var read = System.Text.Json.Nodes.JsonNode.Parse((await ReadAsync(client, againAsync)).Json.Span)!;
        tally.Add(first.Status, deployment.Effects - effects);
        Assert.Equal((now, version), (read["spec"]!["replicas"]!.GetValue<int>(), read["metadata"]!["generation"]!.GetValue<long>()));
        while (deployment.Effects == effects && tries++ < 40)
        {
            // Nothing happened, and the approval is spent: a new one works. So is a new one, where the network goes on failing.
            var (replicas, at) = deployment.Now;
            again = await client.OperateAsync(Approval(replicas, at, replicas % 5 + 1), Ct);
            if (again.Status == OperationStatus.Unavailable)
            {
                client = await againAsync();
            }
            else
            {
                Assert.True(again.Status is OperationStatus.Applied or OperationStatus.Changed, $"{again.Status} {again.Reason}");
            }
        }

        Assert.Equal(effects + 1, deployment.Effects);
        tally.Settled++;
    }

    private static async Task<ObjectsResponse> ReadAsync(AgentClient client, Func<Task<AgentClient>> againAsync)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await client.GetObjectsAsync("/apis/apps/v1/namespaces/shop/deployments/checkout", Ct);
            }
            catch (AgentOfflineException) when (tries < 20)
            {
                client = await againAsync();
            }
        }
    }

    /// <summary>What came of many writes.</summary>
    private sealed class Tally
    {
        private int _writes;
        private int _unknown;
        private int _double;

        public TimeSpan Longest { get; set; }

        /// <summary>Writes of which is known in the end whether they had their effect.</summary>
        public int Settled { get; set; }

        public void Add(OperationStatus first, int effects)
        {
            _writes++;
            _unknown += first == OperationStatus.Unavailable ? 1 : 0;
            _double += effects > 1 ? 1 : 0;
        }

        public void Record(string? figure)
        {
            Assert.True(Longest < TimeSpan.FromSeconds(31), $"a write waited for {Longest}");
            if (figure is not null)
            {
                FaultFigures.Record(
                    figure,
                    ("double effects", _double, "", 0),
                    ("not settled by sending again and reading back", _writes - Settled, "", 0),
                    ("unknown until then, of " + _writes, _unknown, "", null),
                    ("longest wait for an answer", Longest.TotalSeconds, "s", 30));
            }
        }
    }

    private static OperationRequest Approval(int before, long generation, int after) => new(
        OperationNames.Patch,
        new OperationTarget("apps", "Deployment", "shop", "checkout", CountingDeployment.Uid, generation),
        [new LeafChange("spec.replicas", after.ToString(CultureInfo.InvariantCulture))],
        DryRun: false,
        Nonce: Guid.NewGuid().ToString("n"),
        Expected: [before.ToString(CultureInfo.InvariantCulture)]);
}
