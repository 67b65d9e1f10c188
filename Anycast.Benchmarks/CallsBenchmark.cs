namespace Anycast.Benchmarks;

/// <summary>Small calls, projected, through agent and tunnel against <c>kubectl proxy</c> (M2).</summary>
internal static class CallsBenchmark
{
    private const int InARow = 300;
    private const int AtOnce = 16;
    private const int WarmUp = 2;
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(1);

    public static async Task<MeasuredRun> RunAsync(string agent, int pairs)
    {
        await using var world = await BenchWorld.StartAsync(100);
        await using var tunnel = await world.ConnectAsync(agent);
        var (kubectl, address) = await ChildProcess.KubectlAsync(world.Kubeconfig);
        await using var running = kubectl;
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = AtOnce, UseProxy = false }) { BaseAddress = address };
        async Task<int> OursAsync() => (await tunnel.Client.GetObjectsAsync(BenchWorld.SmallPath, CancellationToken.None)).Status;
        async Task<int> PeerAsync()
        {
            using var response = await http.GetAsync(new Uri(BenchWorld.SmallPath, UriKind.Relative));
            await response.Content.ReadAsByteArrayAsync();
            return (int)response.StatusCode;
        }

        var before = Surroundings.Load();
        var one = await BenchWorld.InTurnsAsync(pairs, 5, () => BenchWorld.MedianAsync(InARow, OursAsync), () => BenchWorld.MedianAsync(InARow, PeerAsync));
        var (agents, kubectls) = (new ProcessorTimes(tunnel.Agent!), new ProcessorTimes(kubectl));
        var many = await BenchWorld.InTurnsAsync(pairs, WarmUp, () => agents.RateAsync(AtOnce, s_time, OursAsync), () => kubectls.RateAsync(AtOnce, s_time, PeerAsync));
        return new MeasuredRun(
            "calls",
            "Small calls: one pod of 5 KB",
            "the native agent gets the pod, projects it and sends it through the tunnel; the service projects it again.",
            "kubectl proxy passes the same pod of the same API server on as it is.",
            Surroundings.Commit(),
            TimeProvider.System.GetUtcNow(),
            Surroundings.Machine(),
            before,
            Surroundings.Load(),
            [
                new Measurement($"one at a time, median of {InARow}", "µs", 1.5, 1.1, false, one),
                new Measurement($"{AtOnce} at once", "calls/s", 1.5, 2.5, true, many),
                new Measurement("processor time of a call meanwhile: agent, kubectl", "µs", null, null, false, Pairs(agents.Between, kubectls.Between, many)),
                new Measurement("processor time of a call meanwhile: API server, and service or caller", "µs", null, null, false, Pairs(agents.Around, kubectls.Around, many)),
            ],
            []);
    }

    private static List<Pair> Pairs(List<double> ours, List<double> peer, List<Pair> order) =>
        [.. order.Select((p, i) => new Pair(Math.Round(ours[i + WarmUp], 1), Math.Round(peer[i + WarmUp], 1), p.OursFirst))];
}
