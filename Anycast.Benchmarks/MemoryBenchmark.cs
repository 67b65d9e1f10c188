using System.Diagnostics;

namespace Anycast.Benchmarks;

/// <summary>Resident memory of the native agent against <c>kubectl proxy</c>, idle and under the same load, fresh processes for each pair (M13).</summary>
internal static class MemoryBenchmark
{
    private const int AtOnce = 16;
    private const int Lists = 3;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(2);

    public static async Task<MeasuredRun> RunAsync(string agent, int pods, int pairs)
    {
        await using var world = await BenchWorld.StartAsync(pods);
        var before = Surroundings.Load();
        List<Pair> idle = [], loaded = [], peak = [];
        var starts = new List<double>();
        for (var i = -1; i < pairs; i++)
        {
            Taken ours, peer;
            if (i % 2 == 0)
            {
                ours = await OursAsync(world, agent, starts);
                peer = await PeerAsync(world);
            }
            else
            {
                peer = await PeerAsync(world);
                ours = await OursAsync(world, agent, starts);
            }

            if (i < 0)
            {
                starts.Clear();
                continue;
            }

            idle.Add(new Pair(ours.Idle, peer.Idle, i % 2 == 0));
            loaded.Add(new Pair(ours.Loaded, peer.Loaded, i % 2 == 0));
            peak.Add(new Pair(ours.Peak, peer.Peak, i % 2 == 0));
        }

        return new MeasuredRun(
            "memory",
            "Resident memory of the agent",
            $"the native agent, connected; the load is {Lists} projected lists of {pods:N0} pods and {AtOnce} small calls at once for {s_time.TotalSeconds:0} s.",
            "kubectl proxy under the same load.",
            Surroundings.Commit(),
            TimeProvider.System.GetUtcNow(),
            Surroundings.Machine(),
            before,
            Surroundings.Load(),
            [
                new Measurement("idle", "MiB", 0.7, 0.3, false, idle),
                new Measurement("just after the load", "MiB", 1, 0.5, false, loaded),
                new Measurement("at its highest under load", "MiB", 1, 0.5, false, peak),
            ],
            [new Figure("From the start of the process to the first answer through the tunnel, median", "ms", Measurement.Quantile(starts, 0.5), 300)]);
    }

    private static async Task<Taken> OursAsync(BenchWorld world, string agent, List<double> starts)
    {
        var started = Stopwatch.GetTimestamp();
        await using var tunnel = await world.ConnectAsync(agent);
        async Task<int> GetAsync(string path) => (await tunnel.Client.GetObjectsAsync(path, CancellationToken.None)).Status;
        await GetAsync(BenchWorld.SmallPath);
        starts.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        return await LoadAsync(tunnel.Agent!, GetAsync);
    }

    private static async Task<Taken> PeerAsync(BenchWorld world)
    {
        var (kubectl, address) = await ChildProcess.KubectlAsync(world.Kubeconfig);
        await using var running = kubectl;
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce, UseProxy = false }) { BaseAddress = address };
        async Task<int> GetAsync(string path)
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await response.Content.CopyToAsync(Stream.Null);
            return (int)response.StatusCode;
        }

        await GetAsync(BenchWorld.SmallPath);
        return await LoadAsync(kubectl, GetAsync);
    }

    private static async Task<Taken> LoadAsync(ChildProcess process, Func<string, Task<int>> getAsync)
    {
        await Task.Delay(s_idle);
        var idle = process.Resident;
        for (var i = 0; i < Lists; i++)
        {
            await getAsync(BenchWorld.ListPath);
        }

        await BenchWorld.RateAsync(AtOnce, s_time, () => getAsync(BenchWorld.SmallPath));
        return new Taken(Math.Round(idle, 1), Math.Round(process.Resident, 1), Math.Round(process.Peak, 1));
    }

    private sealed record Taken(double Idle, double Loaded, double Peak);
}
