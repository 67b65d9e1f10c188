namespace Anycast.Benchmarks;

/// <summary>Ratios measured side by side in one run. <c>dotnet run -c Release --project Anycast.Benchmarks -- rows [--pairs 30] [--pods 5000]</c></summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not ["rows", .. var rest])
        {
            if (args is ["report"])
            {
                PerformanceReport.Write();
                return 0;
            }

            await Console.Error.WriteLineAsync("Benchmarks: rows [--pairs N] [--pods N], report");
            return 1;
        }

        var result = await RowsBenchmark.RunAsync(Number(rest, "--pods", 5000), Number(rest, "--pairs", 30));
        result.Save();
        PerformanceReport.Write();
        Console.WriteLine($"ratio {result.Ratio:0.00} (quartiles {result.RatioLow:0.00} to {result.RatioHigh:0.00}), {result.BytesPerPod:0} bytes kept a pod");
        return 0;
    }

    private static int Number(string[] args, string name, int absent)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length && int.TryParse(args[at + 1], out var number) ? number : absent;
    }
}
