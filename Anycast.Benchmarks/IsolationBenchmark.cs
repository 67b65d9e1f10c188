using Anycast.Core.Agents.Transport;

namespace Anycast.Benchmarks;

/// <summary>Small calls beside three slow readers of a long list over the same tunnel, against the same calls alone (M3).</summary>
internal static class IsolationBenchmark
{
    private const int Readers = 3;
    private const int Calls = 400;
    private const int Chunk = 64 * 1024;
    private const double BytesPerSecond = 1024 * 1024;

    public static async Task<MeasuredRun> RunAsync(string agent, int pods, int pairs)
    {
        await using var world = await BenchWorld.StartAsync(pods);
        await using var tunnel = await world.ConnectAsync(agent);
        async Task<int> CallAsync() => (await tunnel.Client.GetObjectsAsync(BenchWorld.SmallPath, CancellationToken.None)).Status;
        async Task<double> SlowestAsync() => Measurement.Quantile(await BenchWorld.TimesAsync(Calls, CallAsync), 0.99) / 1000;

        var before = Surroundings.Load();
        var taken = await BenchWorld.InTurnsAsync(
            pairs,
            3,
            async () =>
            {
                await using var readers = await SlowReaders.StartAsync(tunnel.Client);
                return await SlowestAsync();
            },
            SlowestAsync);
        return new MeasuredRun(
            "isolation",
            $"Small calls beside {Readers} slow readers",
            $"the slowest 1 % of {Calls} small calls while {Readers} readers take a projected list of {pods:N0} pods at 1 MiB/s each, over the same tunnel.",
            "the same calls over the same tunnel while nobody else reads.",
            Surroundings.Commit(),
            TimeProvider.System.GetUtcNow(),
            Surroundings.Machine(),
            before,
            Surroundings.Load(),
            [new Measurement("99th percentile", "ms", 3, 1.5, false, taken)],
            []);
    }

    private sealed class SlowReaders : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly List<Task> all = [];

        public static async Task<SlowReaders> StartAsync(AgentClient client)
        {
            var readers = new SlowReaders();
            var started = Enumerable.Range(0, Readers).Select(_ => new TaskCompletionSource()).ToList();
            readers.all.AddRange(started.Select(s => readers.ReadAsync(client, s)));
            await Task.WhenAll(started.Select(s => s.Task)).WaitAsync(TimeSpan.FromSeconds(60));
            return readers;
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await Task.WhenAll(all);
            stop.Dispose();
        }

        /// <summary>Reads and waits, so that the sender's windows are full nearly all the time.</summary>
        private async Task ReadAsync(AgentClient client, TaskCompletionSource started)
        {
            var buffer = new byte[Chunk];
            try
            {
                while (true)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, "http://agent/objects" + BenchWorld.ListPath);
                    using var response = await client.Carrier.SendAsync(request, stop.Token);
                    using var body = await response.Content.ReadAsStreamAsync(stop.Token);
                    int read;
                    while ((read = await body.ReadAsync(buffer, stop.Token)) > 0)
                    {
                        started.TrySetResult();
                        await Task.Delay(TimeSpan.FromSeconds(read / BytesPerSecond), stop.Token);
                    }
                }
            }
            catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or IOException or HttpRequestException)
            {
                // Asked to stop.
            }
        }
    }
}
