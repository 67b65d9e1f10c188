using System.Diagnostics;
using Anycast.Agent;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tests.Tunnel;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.Rows;

namespace Anycast.Tests.Agent;

/// <summary>An agent that is asked to stop while work is under way.</summary>
public sealed class DrainTests
{
    private const string Json = """
        {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"checkout","namespace":"shop","uid":"00000000-0000-4000-8000-0000000000aa","generation":7,"resourceVersion":"100"},"spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"checkout","image":"shop/checkout:1"}]}}}}
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Terminate_DuringAnOperation_AnswersItFirstAndEndsStreamsAtOnce()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = await ScriptedApi.StartAsync(async (context, call) =>
        {
            if (call.Target.Contains("pods", StringComparison.Ordinal))
            {
                await (call.Target.Contains("watch=true", StringComparison.Ordinal)
                    ? Task.Delay(Timeout.Infinite, context.RequestAborted)
                    : ScriptedApi.JsonAsync(context, """{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5"},"items":[]}"""));
                return;
            }

            if (call.Method == "PATCH")
            {
                arrived.SetResult();
                await go.Task;
            }

            await ScriptedApi.JsonAsync(context, Json);
        });
        await using var service = await ServiceHost.StartAsync();
        using var agent = new AgentProcess(service.Address, api.Kubeconfig, "t");
        await using var carrier = await service.NextAsync(TimeSpan.FromSeconds(60));
        var client = new AgentClient(carrier);
        var synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stream = ReadAsync(client, synced);
        await synced.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        var operation = client.OperateAsync(new OperationRequest(OperationNames.Patch, new OperationTarget("apps", "Deployment", "shop", "checkout"), [new LeafChange("spec.replicas", "3")], DryRun: true), Ct);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);

        var clock = Stopwatch.StartNew();
        agent.Signal("TERM");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => stream.WaitAsync(TimeSpan.FromSeconds(10), Ct));
        Assert.False(operation.IsCompleted);
        go.SetResult();

        var answer = await operation;
        Assert.True(answer.Status == OperationStatus.Applied, $"{answer.Status} {answer.Reason}; {await carrier.Closed.WaitAsync(TimeSpan.FromSeconds(20), Ct)}\n{agent.Log}");
        Assert.Equal(AgentHost.Stopped, await agent.ExitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"ended after {clock.Elapsed}");
    }

    private static async Task ReadAsync(AgentClient client, TaskCompletionSource synced)
    {
        await foreach (var change in client.WatchRowsAsync("Pod", null, Ct))
        {
            if (change.Type == RowChangeType.Synced)
            {
                synced.TrySetResult();
            }
        }
    }
}
