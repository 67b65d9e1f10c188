namespace Anycast.Benchmarks;

/// <summary>How long the processors worked for a call, while a rate was measured: what explains the rate where they are what is short.</summary>
internal sealed class ProcessorTimes(ChildProcess between)
{
    /// <summary>Microseconds a call in the process that stands between caller and API server.</summary>
    public List<double> Between { get; } = [];

    /// <summary>Microseconds a call in this process, which has the API server and the caller, with the service's side of the tunnel.</summary>
    public List<double> Around { get; } = [];

    public async Task<double> RateAsync(int atOnce, TimeSpan time, Func<Task<int>> callAsync)
    {
        var calls = 0;
        async Task<int> CountedAsync()
        {
            Interlocked.Increment(ref calls);
            return await callAsync();
        }

        var (outside, inside) = (between.Processor, Environment.CpuUsage.TotalTime);
        var rate = await BenchWorld.RateAsync(atOnce, time, CountedAsync);
        Between.Add((between.Processor - outside).TotalMicroseconds / calls);
        Around.Add((Environment.CpuUsage.TotalTime - inside).TotalMicroseconds / calls);
        return rate;
    }
}
