using System.Diagnostics;
using Anycast.Sandbox;
using Anycast.Tunnel.Rows;
using k8s;
using k8s.Models;

namespace Anycast.Benchmarks;

/// <summary>Pods from the API server to usable rows on the service, against a direct typed list of KubernetesClient.</summary>
internal static class RowsBenchmark
{
    private const int WarmUp = 3;

    public static async Task<MeasuredRun> RunAsync(int pods, int pairs)
    {
        await using var sandbox = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false, Controllers = false });
        for (var i = 0; i < pods; i++)
        {
            sandbox.Store.Upsert(BenchPods.Make(i));
        }

        await using var tunnel = await BenchTunnel.StartAsync(sandbox.Kubeconfig(agent: true));
        using var config = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(sandbox.Kubeconfig(agent: true)));
        using var peer = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(config));
        var before = Surroundings.Load();
        var taken = await BenchWorld.InTurnsAsync(pairs, WarmUp, () => OursAsync(tunnel, pods), () => PeerAsync(peer, pods));
        return new MeasuredRun(
            "rows",
            $"{pods:N0} pods: from the API server to usable rows on the service",
            "the agent lists (pages of 500) and projects, rows cross the tunnel (HTTP/2 inside the agent's WebSocket), the service checks every cell and keeps rows.",
            "KubernetesClient lists the same pods of the same API server directly into its typed models: no agent, no tunnel.",
            Surroundings.Commit(),
            TimeProvider.System.GetUtcNow(),
            Surroundings.Machine(),
            before,
            Surroundings.Load(),
            [new Measurement("first row to last", "ms", 1, null, false, taken)],
            [new Figure("Kept on the service, a pod", "bytes", await KeptAsync(tunnel), 250)]);
    }

    private static async Task<double> OursAsync(BenchTunnel tunnel, int pods)
    {
        Settle();
        var started = Stopwatch.GetTimestamp();
        var rows = await RowsAsync(tunnel);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return rows.Count >= pods ? elapsed : throw new InvalidOperationException($"{rows.Count} rows of {pods}");
    }

    private static async Task<double> PeerAsync(Kubernetes peer, int pods)
    {
        Settle();
        var started = Stopwatch.GetTimestamp();
        V1PodList list = await peer.CoreV1.ListPodForAllNamespacesAsync();
        var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return list.Items.Count >= pods ? elapsed : throw new InvalidOperationException($"{list.Items.Count} pods of {pods}");
    }

    /// <summary>What several results keep beside each other, so that what comes and goes around them does not count.</summary>
    private static async Task<double> KeptAsync(BenchTunnel tunnel)
    {
        const int results = 8;
        var kept = new ResourceRow[results][];
        await FillAsync(tunnel, kept);
        Array.Clear(kept);
        var before = Heap();
        await FillAsync(tunnel, kept);
        var after = Heap();
        GC.KeepAlive(kept);

        // The arrays that hold the rows are the cache's own business.
        var arrays = kept.Sum(k => 24.0 + (k.Length * 8.0));
        return Math.Round((after - before - arrays) / kept.Sum(k => k.Length), 1);
    }

    private static async Task FillAsync(BenchTunnel tunnel, ResourceRow[][] kept)
    {
        for (var i = 0; i < kept.Length; i++)
        {
            kept[i] = [.. await RowsAsync(tunnel)];
        }
    }

    private static long Heap()
    {
        for (var i = 0; i < 3; i++)
        {
            Settle();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static async Task<List<ResourceRow>> RowsAsync(BenchTunnel tunnel)
    {
        var rows = new List<ResourceRow>();
        using var stop = new CancellationTokenSource();
        await foreach (var change in tunnel.Client.WatchRowsAsync("Pod", null, stop.Token))
        {
            if (change.Row is { } row)
            {
                rows.Add(row);
            }
            else if (change.Type == RowChangeType.Synced)
            {
                break;
            }
        }

        return rows;
    }

    private static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
