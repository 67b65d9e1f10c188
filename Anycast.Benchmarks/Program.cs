namespace Anycast.Benchmarks;

/// <summary>
/// Ratios measured side by side in one run. <c>dotnet run -c Release --project Anycast.Benchmarks -- NAME [--pairs N] [--pods N] [--agent FILE]</c>;
/// FILE is the native agent, as <c>eng/publish-agent.sh</c> makes it.
/// </summary>
internal static class Program
{
    /// <summary>In the order of the report.</summary>
    public static IReadOnlyList<string> Benchmarks { get; } = ["rows", "calls", "isolation", "memory", "signin"];

    public static async Task<int> Main(string[] args)
    {
        var rest = args.Skip(1).ToArray();
        var agent = Text(rest, "--agent");
        var run = args.FirstOrDefault() switch
        {
            "rows" => await RowsBenchmark.RunAsync(Number(rest, "--pods", 5000), Number(rest, "--pairs", 30)),
            "calls" when agent is not null => await CallsBenchmark.RunAsync(agent, Number(rest, "--pairs", 30)),
            "isolation" when agent is not null => await IsolationBenchmark.RunAsync(agent, Number(rest, "--pods", 10_000), Number(rest, "--pairs", 30)),
            "memory" when agent is not null => await MemoryBenchmark.RunAsync(agent, Number(rest, "--pods", 5000), Number(rest, "--pairs", 10)),
            "signin" => await SignInBenchmark.RunAsync(Number(rest, "--pairs", 30)),
            _ => null,
        };
        if (run is null && args is not ["report"])
        {
            await Console.Error.WriteLineAsync("Benchmarks: rows, calls --agent FILE, isolation --agent FILE, memory --agent FILE, signin [--pairs N] [--pods N]; report");
            return 1;
        }

        run?.Save();
        PerformanceReport.Write();
        Console.WriteLine(run?.Summary() ?? "written");
        return 0;
    }

    private static string? Text(string[] args, string name) => Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length ? args[at + 1] : null;

    private static int Number(string[] args, string name, int absent) => int.TryParse(Text(args, name), out var number) ? number : absent;
}
