using System.Collections.Concurrent;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Rows;
using Microsoft.AspNetCore.Http;

namespace Anycast.Tests.Tunnel;

/// <summary>Rows from the API server to the service: lists, watches, expiry, refusals.</summary>
public sealed class RowStreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_OfAListInPages_ArriveBetweenResetAndSynced()
    {
        await using var api = await ScriptedApi.StartAsync((c, call) => call.Target switch
        {
            var t when t.Contains("watch=true", StringComparison.Ordinal) => HangAsync(c),
            var t when t.Contains("continue=page2", StringComparison.Ordinal) => ListAsync(c, "20", "", Pod("c", "3")),
            _ => ListAsync(c, "20", "page2", Pod("a", "1"), Pod("b", "2")),
        });
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Pod");

        await Eventually.TrueAsync(() => rows.Has(RowChangeType.Synced), "the list is complete");

        Assert.Equal([RowChangeType.Reset, RowChangeType.Upsert, RowChangeType.Upsert, RowChangeType.Upsert, RowChangeType.Synced], rows.Changes.Select(c => c.Type).Take(5));
        var pod = Assert.IsType<PodRow>(rows.Changes[1].Row);
        Assert.Equal(("Pod/shop/a", "Running", Health.Healthy, 1, 1, "10.1.2.3", "node-1"), (pod.Key, pod.Status, pod.Health, pod.ReadyContainers, pod.Containers, pod.PodIp, pod.Node));
        Assert.Equal("00000000-0000-4000-8000-000000000001", pod.Uid);
        Assert.All(api.Calls.Where(c => !c.Target.Contains("watch", StringComparison.Ordinal)), c => Assert.Contains("limit=500", c.Target, StringComparison.Ordinal));
        Assert.Contains(api.Calls, c => c.Target.Contains("watch=true", StringComparison.Ordinal) && c.Target.Contains("resourceVersion=20", StringComparison.Ordinal));
        Assert.Empty(world.Alarms);
    }

    [Fact]
    public async Task Watch_WithEventsBookmarkAndExpiry_FollowsAndListsAnew()
    {
        var lists = 0;
        var watches = new ConcurrentQueue<string>();
        await using var api = await ScriptedApi.StartAsync(async (c, call) =>
        {
            if (!call.Target.Contains("watch=true", StringComparison.Ordinal))
            {
                await ListAsync(c, Interlocked.Increment(ref lists) == 1 ? "20" : "90", "", Pod("a", "1"));
                return;
            }

            watches.Enqueue(call.Target);
            if (call.Target.Contains("resourceVersion=20", StringComparison.Ordinal))
            {
                await EventAsync(c, "ADDED", Pod("b", "21"));
                await EventAsync(c, "DELETED", Pod("a", "22"));
                await EventAsync(c, "BOOKMARK", """{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"30"}}""");
                return;
            }

            if (call.Target.Contains("resourceVersion=30", StringComparison.Ordinal))
            {
                await EventAsync(c, "ERROR", """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,"message":"too old"}""");
                return;
            }

            await HangAsync(c);
        });
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Pod");

        await Eventually.TrueAsync(() => rows.Changes.Count(c => c.Type == RowChangeType.Synced) == 2, "listed anew after the expiry");

        Assert.Contains(rows.Changes, c => c.Type == RowChangeType.Upsert && c.Row!.Name == "b");
        Assert.Contains(rows.Changes, c => c.Type == RowChangeType.Delete && c.Key == "Pod/shop/a");
        Assert.Equal(2, rows.Changes.Count(c => c.Type == RowChangeType.Reset));
        await Eventually.TrueAsync(() => watches.Any(w => w.Contains("resourceVersion=90", StringComparison.Ordinal)), "watched from the fresh list on");
    }

    [Fact]
    public async Task Rows_WithoutTheRight_SayForbiddenAndStayAlive()
    {
        await using var api = await ScriptedApi.StartAsync((c, _) => ScriptedApi.JsonAsync(c, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}""", 403));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Node");

        await Eventually.TrueAsync(() => rows.Changes.Any(c => c.Type == RowChangeType.Error && c.Error == "Forbidden"), "the refusal arrives");
        await Eventually.TrueAsync(() => rows.Has(RowChangeType.Heartbeat), "the stream lives on", TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task ApiServer_ThatGoesAway_IsAskedAgain()
    {
        var calls = 0;
        await using var api = await ScriptedApi.StartAsync(async (c, call) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await ScriptedApi.JsonAsync(c, "{\"kind\":\"PodList\",\"items\":[{\"meta");
                return;
            }

            await (call.Target.Contains("watch=true", StringComparison.Ordinal) ? HangAsync(c) : ListAsync(c, "20", "", Pod("a", "1")));
        });
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Pod");

        await Eventually.TrueAsync(() => rows.Has(RowChangeType.Synced), "the second list is complete");

        Assert.Contains(rows.Changes, c => c.Type == RowChangeType.Error && c.Error == "Unavailable");
    }

    [Fact]
    public async Task List_ThatBreaksOffBetweenTwoPages_BeginsAnew()
    {
        var second = 0;
        await using var api = await ScriptedApi.StartAsync((c, call) => call.Target switch
        {
            var t when t.Contains("watch=true", StringComparison.Ordinal) => HangAsync(c),
            var t when t.Contains("continue=page2", StringComparison.Ordinal) => Interlocked.Increment(ref second) == 1
                ? ScriptedApi.JsonAsync(c, "{}", 503) : ListAsync(c, "20", "", Pod("c", "3")),
            _ => ListAsync(c, "20", "page2", Pod("a", "1"), Pod("b", "2")),
        });
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Pod");

        await Eventually.TrueAsync(() => rows.Has(RowChangeType.Synced), "the list is complete");

        var sinceTheLastReset = rows.Changes.Reverse().TakeWhile(c => c.Type != RowChangeType.Reset).Count(c => c.Type == RowChangeType.Upsert);
        Assert.Equal(3, sinceTheLastReset);
        Assert.Equal(2, rows.Changes.Count(c => c.Type == RowChangeType.Reset));
    }

    [Fact]
    public async Task Watch_ThatGoesOnAfterAFailure_SaysThatTheListIsWholeAgain()
    {
        var watches = 0;
        await using var api = await ScriptedApi.StartAsync((c, call) => !call.Target.Contains("watch=true", StringComparison.Ordinal) ? ListAsync(c, "20", "", Pod("a", "1"))
            : Interlocked.Increment(ref watches) == 1 ? ScriptedApi.JsonAsync(c, "{}", 503) : HangAsync(c));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Pod");

        await Eventually.TrueAsync(() => rows.Changes.Count(c => c.Type == RowChangeType.Synced) == 2, "the failure is over");

        Assert.Equal(
            [RowChangeType.Reset, RowChangeType.Upsert, RowChangeType.Synced, RowChangeType.Error, RowChangeType.Synced],
            rows.Changes.Where(c => c.Type != RowChangeType.Heartbeat).Select(c => c.Type));
        Assert.Single(api.Calls, c => !c.Target.Contains("watch=true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_OfOneNamespace_AskTheApiServerForThatNamespace()
    {
        await using var api = await ScriptedApi.StartAsync((c, call) => call.Target.Contains("watch=true", StringComparison.Ordinal) ? HangAsync(c) : ListAsync(c, "20", "", Pod("a", "1")));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        await using var rows = new Collected(world.Client, "Pod", "shop");

        await Eventually.TrueAsync(() => rows.Has(RowChangeType.Synced), "the list is complete");

        Assert.All(api.Calls, c => Assert.StartsWith("/api/v1/namespaces/shop/pods?", c.Target, StringComparison.Ordinal));
    }

    internal static string Pod(string name, string version) => $$"""
        {"metadata":{"name":"{{name}}","namespace":"shop","uid":"00000000-0000-4000-8000-000000000001","resourceVersion":"{{version}}","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"nodeName":"node-1","containers":[{"name":"web","image":"web:1","env":[{"name":"X","value":"canary"}]}]},"status":{"phase":"Running","podIP":"10.1.2.3","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"web","ready":true,"restartCount":0,"state":{"running":{"startedAt":"2026-01-01T00:00:01Z"} } }] } }
        """.Trim();

    private static Task ListAsync(HttpContext context, string version, string next, params string[] pods) =>
        ScriptedApi.JsonAsync(context, $"{{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{{\"resourceVersion\":\"{version}\",\"continue\":\"{next}\"}},\"items\":[{string.Join(',', pods)}]}}");

    private static async Task EventAsync(HttpContext context, string type, string json)
    {
        await context.Response.WriteAsync($"{{\"type\":\"{type}\",\"object\":{json}}}\n");
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static async Task HangAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(Timeout.Infinite, context.RequestAborted);
    }

    /// <summary>Collects a stream in the background.</summary>
    private sealed class Collected : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task reading;
        private readonly List<RowChange> changes = [];

        public Collected(AgentClient client, string kind, string? ns = null) => reading = Task.Run(async () =>
        {
            await foreach (var change in client.WatchRowsAsync(kind, ns, stop.Token))
            {
                lock (changes)
                {
                    changes.Add(change);
                }
            }
        });

        public IReadOnlyList<RowChange> Changes
        {
            get
            {
                lock (changes)
                {
                    return [.. changes];
                }
            }
        }

        public bool Has(RowChangeType type) => Changes.Any(c => c.Type == type);

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }
    }
}
