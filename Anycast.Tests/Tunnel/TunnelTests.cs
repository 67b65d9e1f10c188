using System.Diagnostics;
using System.Text;
using Anycast.Agent;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Carrier;
using k8s;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Tests.Tunnel;

/// <summary>The carrier: connecting, calls, cancellation, back-pressure, and what happens when either side goes.</summary>
public sealed class TunnelTests
{
    private const string Pod = """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-1","namespace":"shop","uid":"00000000-0000-4000-8000-000000000001","annotations":{"secret":"canary"}},"spec":{"containers":[{"name":"web","image":"web:1","env":[{"name":"A","value":"canary"}]}]}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_OneObject_ArrivesProjectedAndTyped()
    {
        await using var api = await ScriptedApi.StartAsync((c, call) => ScriptedApi.JsonAsync(c, Pod));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var answer = await world.Client.GetObjectsAsync("/api/v1/namespaces/shop/pods/web-1", Ct);
        using var kubernetes = world.Client.CreateKubernetes();
        var typed = await kubernetes.CoreV1.ReadNamespacedPodAsync("web-1", "shop", cancellationToken: Ct);

        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain("canary", Encoding.UTF8.GetString(answer.Json.Span), StringComparison.Ordinal);
        Assert.Equal("«withheld:6»", typed.Spec.Containers[0].Env[0].Value);
        Assert.Equal("web:1", typed.Spec.Containers[0].Image);
        Assert.Empty(world.Alarms);
    }

    [Fact]
    public async Task Get_OutsideTheLaw_IsRefusedAndReachesNobody()
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        foreach (var path in new[] { "/api/v1/namespaces/shop/secrets", "/api/v1/namespaces/shop/configmaps/x", "/api/v1/namespaces/shop/pods/web-1/log", "/api/v1/nodes/n/proxy/x", "/api/v1/namespaces/shop/pods?watch=true", "/api/v1/namespaces/a%2f..%2fb/pods" })
        {
            Assert.Equal(403, (await world.Client.GetObjectsAsync(path, Ct)).Status);
        }

        Assert.Empty(api.Calls);
    }

    [Fact]
    public async Task Errors_OfTheApiServer_ArriveWithCodeAndReasonAlone()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"denied: password is canary","reason":"Forbidden","code":403,"details":{"kind":"pods","causes":[{"message":"canary","field":"spec.x"}]}}""", 403));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);

        var answer = await world.Client.GetObjectsAsync("/api/v1/pods", Ct);

        var text = Encoding.UTF8.GetString(answer.Json.Span);
        Assert.Equal(403, answer.Status);
        Assert.Contains("\"reason\":\"Forbidden\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_OfAStream_CancelsAtTheApiServer()
    {
        await using var api = await ScriptedApi.StartAsync(WatchForeverAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        var reading = Task.Run(async () =>
        {
            await foreach (var _ in world.Client.WatchRowsAsync("Pod", null, cancel.Token))
            {
                // Read on until it is cancelled.
            }
        });
        await Eventually.TrueAsync(() => api.Calls.Any(c => c.Target.Contains("watch=true", StringComparison.Ordinal)), "the watch is open");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Eventually.TrueAsync(() => api.Calls.Single(c => c.Target.Contains("watch=true", StringComparison.Ordinal)).Aborted, "the API server saw the end", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task SmallCall_BesideAnUnreadLargeAnswer_IsNotHeldUp()
    {
        var large = string.Concat(Enumerable.Repeat(Pod + ",", 2000));
        await using var api = await ScriptedApi.StartAsync(async (c, call) =>
        {
            if (call.Target.Contains("/nodes", StringComparison.Ordinal))
            {
                await ScriptedApi.JsonAsync(c, """{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[]}""");
                return;
            }

            await c.Response.WriteAsync("""{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[""");
            for (var i = 0; i < 400; i++)
            {
                await c.Response.WriteAsync(large);
                await c.Response.Body.FlushAsync(c.RequestAborted);
            }
        });
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://agent/objects/api/v1/pods");

        using var unread = await world.Client.Carrier.SendAsync(request, Ct);
        await unread.Content.ReadAsStreamAsync(Ct);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await world.Client.GetObjectsAsync("/api/v1/nodes", Ct)).Status);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"20 small calls took {clock.Elapsed}");
    }

    [Fact]
    public async Task Reconnect_AfterTheCarrierWasCut_WorksAgainWithTheSameKey()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, Pod));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        var first = world.Client;

        await first.Carrier.CloseAsync("test");
        await Assert.ThrowsAsync<AgentOfflineException>(() => first.GetObjectsAsync("/api/v1/namespaces/shop/pods/web-1", Ct));
        await world.ConnectedAsync();

        Assert.True((await world.Client.GetObjectsAsync("/api/v1/namespaces/shop/pods/web-1", Ct)).IsOk);
        Assert.Equal("token-1", world.Service.Hellos[0].Token);
        Assert.Equal(("agent-1", null), (world.Service.Hellos[1].AgentId, world.Service.Hellos[1].Token));
        Assert.Equal(world.Service.Hellos[0].PublicKey, world.Service.Hellos[1].PublicKey);
    }

    [Theory]
    [InlineData(RefusalCodes.TokenInvalid)]
    [InlineData(RefusalCodes.TokenUsed)]
    [InlineData(RefusalCodes.Revoked)]
    public async Task Connect_RefusedForGood_EndsTheAgentWithACode(string code)
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var service = await ServiceHost.StartAsync();
        using var state = new TempDirectory();
        service.Decide = (_, _) => new ConnectDecision.Refuse(code, "The token was used before. Make a new one.");

        var exit = await AgentHost.RunAsync(new AgentOptions { Server = service.Address, Token = "t", StateDirectory = state.Path, KubeconfigText = api.Kubeconfig }, NullLoggerFactory.Instance, Ct).WaitAsync(TimeSpan.FromSeconds(20), Ct);

        Assert.Equal(AgentHost.Refused, exit);
    }

    [Fact]
    public async Task Connect_WhileTheServiceIsBusy_IsTriedAgain()
    {
        await using var api = await ScriptedApi.StartAsync();
        await using var service = await ServiceHost.StartAsync();
        using var state = new TempDirectory();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var attempts = 0;
        service.Decide = (_, _) => Interlocked.Increment(ref attempts) < 3 ? new ConnectDecision.Refuse(RefusalCodes.Busy, "later") : new ConnectDecision.Accept("a", "b");

        var agent = AgentHost.RunAsync(new AgentOptions { Server = service.Address, Token = "t", StateDirectory = state.Path, KubeconfigText = api.Kubeconfig }, NullLoggerFactory.Instance, stop.Token);
        await using var carrier = await service.NextAsync();
        await stop.CancelAsync();

        Assert.Equal(AgentHost.Stopped, await agent);
    }

    [Fact]
    public async Task AgentStops_DuringAStream_TheStreamFailsAtOnce()
    {
        await using var api = await ScriptedApi.StartAsync(WatchForeverAsync);
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        var synced = new TaskCompletionSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var change in world.Client.WatchRowsAsync("Pod", null, Ct))
            {
                if (change.Type == Anycast.Tunnel.Rows.RowChangeType.Synced)
                {
                    synced.TrySetResult();
                }
            }
        });
        await synced.Task.WaitAsync(TimeSpan.FromSeconds(10), Ct);

        var clock = Stopwatch.StartNew();
        await world.StopAgentAsync();
        await Assert.ThrowsAsync<AgentOfflineException>(() => reading);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"noticed after {clock.Elapsed}");
        await world.Client.Carrier.Closed.WaitAsync(TimeSpan.FromSeconds(5), Ct);
    }

    private static async Task WatchForeverAsync(HttpContext context, ApiCall call)
    {
        if (call.Target.Contains("watch=true", StringComparison.Ordinal))
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        await ScriptedApi.JsonAsync(context, """{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"10"},"items":[""" + Pod.Replace("\"kind\":\"Pod\",\"apiVersion\":\"v1\",", "", StringComparison.Ordinal) + "]}");
    }
}
