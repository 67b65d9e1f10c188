using System.Globalization;
using System.Text;

namespace Anycast.Benchmarks;

/// <summary>Writes <c>docs/performance.md</c> from the raw pairs in <c>docs/measured</c>. Nothing in it is typed.</summary>
internal static class PerformanceReport
{
    private static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    public static void Write()
    {
        var text = new StringBuilder();
        text.AppendLine("# Performance");
        text.AppendLine();
        text.AppendLine("Generated from the raw pairs in `docs/measured/` by `dotnet run -c Release --project Anycast.Benchmarks -- report`; do not edit.");
        text.AppendLine("Both sides of a pair are taken one after the other in one run on one machine, in turns: read the ratios, not the absolute values.");
        text.AppendLine("A load far above the number of cores means that others used the machine at the same time.");
        foreach (var run in Program.Benchmarks.Select(MeasuredRun.Load).OfType<MeasuredRun>())
        {
            Write(text, run);
        }

        File.WriteAllText(Path.Combine(Surroundings.Root, "docs", "performance.md"), text.ToString());
    }

    private static void Write(StringBuilder text, MeasuredRun run)
    {
        text.AppendLine();
        text.AppendLine(s_culture, $"## {run.Title}");
        text.AppendLine();
        text.AppendLine(s_culture, $"- Ours: {run.Ours}");
        text.AppendLine(s_culture, $"- Peer: {run.Peer}");
        text.AppendLine();
        text.AppendLine("| | unit | ours, median | peer, median | ratio | quartiles of the pairs' ratios | bound | goal | pairs |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var m in run.Measurements)
        {
            var ours = Measurement.Quantile(m.Pairs.Select(p => p.Ours), 0.5);
            var peer = Measurement.Quantile(m.Pairs.Select(p => p.Peer), 0.5);
            text.AppendLine(s_culture, $"| {m.Name} | {m.Unit} | {Number(ours)} | {Number(peer)} | **{m.Ratio:0.00}** | {m.RatioAt(0.25):0.00} to {m.RatioAt(0.75):0.00} | {Bound(m, m.Most)} | {Bound(m, m.Goal)} | {m.Pairs.Count} |");
        }

        if (run.Figures.Count > 0)
        {
            text.AppendLine();
            foreach (var f in run.Figures)
            {
                text.AppendLine(s_culture, $"{f.Name}: **{f.Value:0.#} {f.Unit}** (at most {f.Most:0.#}: {(f.Value <= f.Most ? "reached" : $"missed by {100 * ((f.Value / f.Most) - 1):0} %")}).");
            }
        }

        text.AppendLine();
        text.AppendLine(s_culture, $"Commit {run.Commit}, {run.At:yyyy-MM-dd HH:mm} UTC. {run.Machine}. Load before {run.LoadBefore}, after {run.LoadAfter}.");
    }

    private static string Bound(Measurement m, double? bound) => bound is not { } ratio ? "" : string.Create(
        s_culture,
        $"{(m.MoreIsBetter ? "≥" : "≤")} {ratio:0.##}: {(m.Meets(ratio) ? "reached" : $"missed by {100 * Math.Abs((m.Ratio / ratio) - 1):0} %")}");

    private static string Number(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", s_culture);
}
