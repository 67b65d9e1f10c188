using System.Globalization;
using System.Text.Json;

namespace Anycast.Benchmarks;

/// <summary>One pair: both sides, one after the other, in the measurement's unit.</summary>
public sealed record Pair(double Ours, double Peer, bool OursFirst);

/// <summary>One thing that was measured on both sides.</summary>
/// <param name="Name">What.</param>
/// <param name="Unit">ms, µs, requests/s, MiB …</param>
/// <param name="Most">Ratio, ours to the peer's, that may not be exceeded; for <paramref name="MoreIsBetter"/> the least; null for what explains other figures.</param>
/// <param name="Goal">Ratio to strive for; null when there is none beyond.</param>
/// <param name="MoreIsBetter">True for a rate.</param>
/// <param name="Pairs">The pairs, in order.</param>
public sealed record Measurement(string Name, string Unit, double? Most, double? Goal, bool MoreIsBetter, IReadOnlyList<Pair> Pairs)
{
    /// <summary>Ratio of the medians, ours to the peer's.</summary>
    public double Ratio => Quantile(Pairs.Select(p => p.Ours), 0.5) / Quantile(Pairs.Select(p => p.Peer), 0.5);

    /// <summary>A quantile of the pairs' own ratios.</summary>
    public double RatioAt(double share) => Quantile(Pairs.Select(p => p.Ours / p.Peer), share);

    public bool Meets(double ratio) => MoreIsBetter ? Ratio >= ratio : Ratio <= ratio;

    public static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToList();
        var at = share * (sorted.Count - 1);
        var low = (int)Math.Floor(at);
        return sorted[low] + ((sorted[Math.Min(low + 1, sorted.Count - 1)] - sorted[low]) * (at - low));
    }
}

/// <summary>One figure of ours alone.</summary>
/// <param name="Most">What it may be at most.</param>
public sealed record Figure(string Name, string Unit, double Value, double Most);

/// <summary>The raw figures of one run, and on what they were taken.</summary>
/// <param name="Name">Name of the benchmark and of the file.</param>
/// <param name="Title">What was measured, for a heading.</param>
/// <param name="Ours">What our side does.</param>
/// <param name="Peer">What the other side does.</param>
/// <param name="Commit">The commit that was measured, with "+" when the tree had changes.</param>
/// <param name="At">When.</param>
/// <param name="Machine">Processor, cores, memory, system, runtime.</param>
/// <param name="LoadBefore">Load average of one minute before the run.</param>
/// <param name="LoadAfter">The same, after.</param>
public sealed record MeasuredRun(
    string Name, string Title, string Ours, string Peer, string Commit, DateTimeOffset At, string Machine, string LoadBefore, string LoadAfter,
    IReadOnlyList<Measurement> Measurements, IReadOnlyList<Figure> Figures)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true };

    public static MeasuredRun? Load(string name) =>
        System.IO.File.Exists(File(name)) ? JsonSerializer.Deserialize<MeasuredRun>(System.IO.File.ReadAllText(File(name)), Json) : null;

    public void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File(Name))!);
        System.IO.File.WriteAllText(File(Name), JsonSerializer.Serialize(this, Json) + "\n");
    }

    /// <summary>The medians, for whoever waits at the console.</summary>
    public string Summary() => string.Join('\n', Measurements
        .Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Name}: {Measurement.Quantile(m.Pairs.Select(p => p.Ours), 0.5):0.##} to {Measurement.Quantile(m.Pairs.Select(p => p.Peer), 0.5):0.##} {m.Unit}, ratio {m.Ratio:0.00}"))
        .Concat(Figures.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name}: {f.Value:0.#} {f.Unit}"))));

    private static string File(string name) => Path.Combine(Surroundings.Root, "docs", "measured", name + ".json");
}
