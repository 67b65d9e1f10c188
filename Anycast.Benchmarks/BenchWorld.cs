using System.Diagnostics;
using Anycast.Sandbox;

namespace Anycast.Benchmarks;

/// <summary>One API server with pods, reached through the native agent and the tunnel, and through <c>kubectl proxy</c>.</summary>
internal sealed class BenchWorld : IAsyncDisposable
{
    /// <summary>GET of this pod is the small call.</summary>
    public const string SmallPath = "/api/v1/namespaces/team-0/pods/service-0-7d9f8b6c5d-00000";

    public const string ListPath = "/api/v1/pods";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("anycast-bench-");
    private readonly SandboxCluster sandbox;

    private BenchWorld(SandboxCluster sandbox)
    {
        this.sandbox = sandbox;
        Kubeconfig = Path.Combine(directory.FullName, "kubeconfig");
        File.WriteAllText(Kubeconfig, sandbox.Kubeconfig(agent: true));
    }

    /// <summary>The file, with the agent's credential, which both sides use.</summary>
    public string Kubeconfig { get; }

    public static async Task<BenchWorld> StartAsync(int pods)
    {
        var sandbox = await SandboxCluster.StartAsync(new SandboxOptions { Scenario = false, Controllers = false });
        for (var i = 0; i < pods; i++)
        {
            sandbox.Store.Upsert(BenchPods.Make(i));
        }

        return new BenchWorld(sandbox);
    }

    /// <summary>A connected agent, a process of its own.</summary>
    public Task<BenchTunnel> ConnectAsync(string agent) => BenchTunnel.StartAsync(sandbox.Kubeconfig(agent: true), agent);

    /// <summary>Microseconds that one call takes, the median of so many in a row.</summary>
    public static async Task<double> MedianAsync(int calls, Func<Task<int>> callAsync) => Measurement.Quantile(await TimesAsync(calls, callAsync), 0.5);

    /// <summary>Microseconds of each of so many calls in a row.</summary>
    public static async Task<double[]> TimesAsync(int calls, Func<Task<int>> callAsync)
    {
        var times = new double[calls];
        for (var i = 0; i < calls; i++)
        {
            var started = Stopwatch.GetTimestamp();
            Require(await callAsync());
            times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        return times;
    }

    /// <summary>Calls per second with so many at once.</summary>
    public static async Task<double> RateAsync(int atOnce, TimeSpan time, Func<Task<int>> callAsync)
    {
        var started = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            var count = 0;
            while (Stopwatch.GetElapsedTime(started) < time)
            {
                Require(await callAsync());
                count++;
            }

            return count;
        }));
        return counts.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Runs both sides in turns, the first ones unmeasured.</summary>
    public static async Task<List<Pair>> InTurnsAsync(int pairs, int warmUp, Func<Task<double>> oursAsync, Func<Task<double>> peerAsync)
    {
        var taken = new List<Pair>();
        for (var i = -warmUp; i < pairs; i++)
        {
            var oursFirst = i % 2 == 0;
            double ours, peer;
            if (oursFirst)
            {
                ours = await oursAsync();
                peer = await peerAsync();
            }
            else
            {
                peer = await peerAsync();
                ours = await oursAsync();
            }

            if (i >= 0)
            {
                taken.Add(new Pair(Math.Round(ours, 3), Math.Round(peer, 3), oursFirst));
            }
        }

        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await sandbox.DisposeAsync();
        directory.Delete(recursive: true);
    }

    private static void Require(int status)
    {
        if (status != 200)
        {
            throw new InvalidOperationException($"A call was answered with {status}.");
        }
    }
}
