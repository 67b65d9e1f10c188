using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Anycast.Benchmarks;

/// <summary>One pair: both sides, one after the other. Times in milliseconds.</summary>
public sealed record Pair(double OursMs, double PeerMs, bool OursFirst);

/// <summary>The raw figures of one run, and on what they were taken.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Commit">The commit that was measured, with "+" when the tree had changes.</param>
/// <param name="At">When.</param>
/// <param name="Machine">Processor, cores, memory, system, runtime.</param>
/// <param name="LoadBefore">Load average of one minute before the run; NaN where the system has none.</param>
/// <param name="LoadAfter">The same, after.</param>
/// <param name="Pods">How many pods.</param>
/// <param name="BytesPerPod">Bytes kept on the service per pod.</param>
/// <param name="Pairs">The pairs, in order.</param>
public sealed record MeasuredRun(string Name, string Commit, DateTimeOffset At, string Machine, string LoadBefore, string LoadAfter, int Pods, double BytesPerPod, IReadOnlyList<Pair> Pairs)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>Ratio of the medians, ours to the peer's; below 1 ours is quicker.</summary>
    public double Ratio => Quantile(Pairs.Select(p => p.OursMs), 0.5) / Quantile(Pairs.Select(p => p.PeerMs), 0.5);

    /// <summary>Lower quartile of the pairs' own ratios.</summary>
    public double RatioLow => Quantile(Pairs.Select(p => p.OursMs / p.PeerMs), 0.25);

    /// <summary>Upper quartile of the pairs' own ratios.</summary>
    public double RatioHigh => Quantile(Pairs.Select(p => p.OursMs / p.PeerMs), 0.75);

    public static string Root { get; } = FindRoot();

    public static string File(string name) => Path.Combine(Root, "docs", "measured", name + ".json");

    public static MeasuredRun Load(string name) => JsonSerializer.Deserialize<MeasuredRun>(System.IO.File.ReadAllText(File(name)), Json)!;

    public static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToList();
        var at = share * (sorted.Count - 1);
        var low = (int)Math.Floor(at);
        return sorted[low] + ((sorted[Math.Min(low + 1, sorted.Count - 1)] - sorted[low]) * (at - low));
    }

    public static string Load() => System.IO.File.Exists("/proc/loadavg") ? System.IO.File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    public static string DescribeMachine()
    {
        var cpu = System.IO.File.Exists("/proc/cpuinfo")
            ? System.IO.File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor"
            : "unknown processor";
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024);
        return string.Create(CultureInfo.InvariantCulture, $"{cpu}, {Environment.ProcessorCount} cores, {memory:0} GiB, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, .NET {Environment.Version}");
    }

    public static string DescribeCommit() => Git("rev-parse --short HEAD") + (Git("status --porcelain -- *.cs *.csproj *.props *.yaml").Length > 0 ? "+" : "");

    public void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File(Name))!);
        System.IO.File.WriteAllText(File(Name), JsonSerializer.Serialize(this, Json) + "\n");
    }

    private static string Git(string arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = Root, RedirectStandardOutput = true })!;
        var output = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return output;
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, "Anycast.Blazor.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("Run the benchmarks from the repository.");
    }
}
