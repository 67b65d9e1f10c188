using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Anycast.Tests.Harness;

/// <summary>One figure of a long test.</summary>
/// <param name="Test">What was done.</param>
/// <param name="Name">What was counted or measured.</param>
/// <param name="Most">What it may be at most; null where it only informs.</param>
public sealed record FaultFigure(string Test, string Name, double Value, string Unit, double? Most, string Commit, DateTimeOffset At, string Machine);

/// <summary>
/// The figures of the long tests. With <c>ANYCAST_RECORD_FAULTS=1</c> they go into docs/measured/faults.json, and docs/faults.md is written anew from
/// it; a guard holds the two together. Nothing in them is typed.
/// </summary>
public static class FaultFigures
{
    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private static readonly Lock s_lock = new();

    /// <summary>Whether this run writes its figures down.</summary>
    public static bool Records => Environment.GetEnvironmentVariable("ANYCAST_RECORD_FAULTS") == "1";

    private static string DataFile => RepositoryRoot.At("docs", "measured", "faults.json");

    private static string ReportFile => RepositoryRoot.At("docs", "faults.md");

    /// <summary>Notes the figures of one test in place of its earlier ones, and says them in the test's output.</summary>
    public static void Record(string test, params (string Name, double Value, string Unit, double? Most)[] figures)
    {
        foreach (var (name, value, unit, most) in figures)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{test}: {name}: {value:0.##} {unit} (at most {most})"));
        }

        if (!Records)
        {
            return;
        }

        lock (s_lock)
        {
            var (commit, now, machine) = (Git("rev-parse --short HEAD"), DateTimeOffset.UtcNow, Machine());
            var all = Load().Where(f => f.Test != test)
                .Concat(figures.Select(f => new FaultFigure(test, f.Name, Math.Round(f.Value, 3), f.Unit, f.Most, commit, now, machine)))
                .OrderBy(f => f.Test, StringComparer.Ordinal).ToList();
            File.WriteAllText(DataFile, JsonSerializer.Serialize(all, s_json) + "\n");
            WriteReport();
        }
    }

    public static IReadOnlyList<FaultFigure> Load() => File.Exists(DataFile) ? JsonSerializer.Deserialize<List<FaultFigure>>(File.ReadAllText(DataFile), s_json)! : [];

    /// <summary>Writes the page anew from the data.</summary>
    public static void WriteReport() => File.WriteAllText(ReportFile, Render(Load()));

    public static string Report() => File.Exists(ReportFile) ? File.ReadAllText(ReportFile) : "";

    public static string Render(IReadOnlyList<FaultFigure> figures)
    {
        if (figures.Count == 0)
        {
            return "";
        }

        var culture = CultureInfo.InvariantCulture;
        var text = new StringBuilder()
            .AppendLine("# Faults").AppendLine()
            .AppendLine("What the long tests counted and measured (`eng/test.sh --long`). Generated from `docs/measured/faults.json`, which the tests write with `ANYCAST_RECORD_FAULTS=1`; do not edit.").AppendLine()
            .AppendLine("Loss of packets is simulated above TCP: a relay delays each window as the retransmissions of its lost segments would, since TCP shows loss as delay. Power failure and lying disks are not simulated.").AppendLine()
            .AppendLine("| Test | | Figure | At most | |").AppendLine("|---|---|---|---|---|");
        foreach (var f in figures)
        {
            var bound = f.Most is { } most ? string.Create(culture, $"{most:0.###}") : "";
            var held = f.Most is null ? "" : f.Value <= f.Most ? "reached" : "missed";
            var unit = f.Unit.Length == 0 ? "" : " " + f.Unit;
            text.AppendLine(culture, $"| {f.Test} | {f.Name} | **{f.Value:#,0.###}{unit}** | {bound} | {held} |");
        }

        foreach (var run in figures.GroupBy(f => (f.Commit, f.Machine)).OrderBy(g => g.Min(f => f.At)))
        {
            text.AppendLine().AppendLine(culture, $"Commit {run.Key.Commit}, {run.Min(f => f.At):yyyy-MM-dd HH:mm} UTC: {string.Join("; ", run.Select(f => f.Test).Distinct())}. {run.Key.Machine}.");
        }

        return text.ToString();
    }

    private static string Machine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024):0} GiB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}");

    private static string Git(string arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = RepositoryRoot.At(), RedirectStandardOutput = true })!;
        var output = git.StandardOutput.ReadToEnd().Trim();
        git.WaitForExit();
        return output;
    }
}
