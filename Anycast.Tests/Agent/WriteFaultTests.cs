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
    public Task Cut_FiveHundredTimes_HasOneEffectEach() => CutAsync(500);

    [Fact]
    public Task Kill_AtEveryPointOfAWrite_HasOneEffect() => KillAsync(6);

    [Fact]
    [Trait("Category", "Long")]
    public Task Kill_TwoHundredTimes_HasOneEffectEach() => KillAsync(200);

    private static async Task CutAsync(int times)
    {
        var deployment = new CountingDeployment();
        await using var api = await ScriptedApi.StartAsync(deployment.AnswerAsync);
        for (var i = 0; i < times; i++)
        {
            // A world each: the agent's back-off grows with every cut, and is another test's matter.
            await using var world = await TunnelWorld.StartAsync(api.Kubeconfig, weak: true);
            await RunAsync(deployment, i, world.Client, world.Link!.Reset, async () =>
            {
                await world.ConnectedAsync(s_patience);
                return world.Client;
            });
        }
    }

    private static async Task KillAsync(int times)
    {
        var deployment = new CountingDeployment();
        await using var api = await ScriptedApi.StartAsync(deployment.AnswerAsync);
        await using var service = await ServiceHost.StartAsync();
        var agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
        try
        {
            var client = new AgentClient(await service.NextAsync(s_patience));
            for (var i = 0; i < times; i++)
            {
                await RunAsync(deployment, i, client, () => agent.Signal("KILL"), async () =>
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
    }

    private static async Task RunAsync(CountingDeployment deployment, int run, AgentClient client, Action fault, Func<Task<AgentClient>> againAsync)
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

        var first = await running.WaitAsync(s_patience, Ct);
        await struck.Task.WaitAsync(s_patience, Ct);
        client = await againAsync();

        // The same approval once more: it takes effect only when it had none.
        var again = await client.OperateAsync(approved, Ct);
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
        var read = System.Text.Json.Nodes.JsonNode.Parse((await client.GetObjectsAsync("/apis/apps/v1/namespaces/shop/deployments/checkout", Ct)).Json.Span)!;
        Assert.Equal((now, version), (read["spec"]!["replicas"]!.GetValue<int>(), read["metadata"]!["generation"]!.GetValue<long>()));
        if (deployment.Effects == effects)
        {
            // Nothing happened, and the approval is spent: a new one works.
            Assert.Equal(OperationStatus.Applied, (await client.OperateAsync(Approval(now, version, now % 5 + 1), Ct)).Status);
        }

        Assert.Equal(effects + 1, deployment.Effects);
    }

    private static OperationRequest Approval(int before, long generation, int after) => new(
        OperationNames.Patch,
        new OperationTarget("apps", "Deployment", "shop", "checkout", CountingDeployment.Uid, generation),
        [new LeafChange("spec.replicas", after.ToString(CultureInfo.InvariantCulture))],
        DryRun: false,
        Nonce: Guid.NewGuid().ToString("n"),
        Expected: [before.ToString(CultureInfo.InvariantCulture)]);
}
