using System.Globalization;
using System.Text;

namespace Anycast.Benchmarks;

/// <summary>Writes <c>docs/performance.md</c> from the raw pairs in <c>docs/measured</c>. Nothing in it is typed.</summary>
public static class PerformanceReport
{
    public static void Write()
    {
        var run = MeasuredRun.Load("rows");
        var text = new StringBuilder();
        var c = CultureInfo.InvariantCulture;
        text.AppendLine("# Performance");
        text.AppendLine();
        text.AppendLine("Generated from the raw pairs in `docs/measured/` by `dotnet run -c Release --project Anycast.Benchmarks -- report`; do not edit.");
        text.AppendLine("Both sides run in one process, alternating, on one machine: read the ratios, not the milliseconds.");
        text.AppendLine();
        text.AppendLine(c, $"## {run.Pods:N0} pods: from the API server to usable rows on the service");
        text.AppendLine();
        text.AppendLine("- Ours: agent lists (pages of 500) and projects, rows cross the tunnel (HTTP/2 inside the agent's WebSocket), the service checks every cell and keeps rows.");
        text.AppendLine("- Peer: KubernetesClient lists the same pods of the same API server directly into its typed models, no agent and no tunnel.");
        text.AppendLine();
        text.AppendLine("| | ours | peer | ratio |");
        text.AppendLine("|---|---|---|---|");
        foreach (var (name, share) in new[] { ("median", 0.5), ("lower quartile", 0.25), ("upper quartile", 0.75), ("slowest", 1.0), ("quickest", 0.0) })
        {
            var ours = MeasuredRun.Quantile(run.Pairs.Select(p => p.OursMs), share);
            var peer = MeasuredRun.Quantile(run.Pairs.Select(p => p.PeerMs), share);
            text.AppendLine(c, $"| {name} | {ours:0} ms | {peer:0} ms | {ours / peer:0.00} |");
        }

        text.AppendLine();
        text.AppendLine(c, $"Ratio of the medians: **{run.Ratio:0.00}** (goal: at most 1.00; {(run.Ratio <= 1 ? "reached" : "missed")}). Quartiles of the ratio within a pair: {run.RatioLow:0.00} to {run.RatioHigh:0.00}, over {run.Pairs.Count} pairs.");
        text.AppendLine(c, $"Kept on the service: {run.BytesPerPod:0} bytes a pod (goal: at most 250; {(run.BytesPerPod <= 250 ? "reached" : "missed")}).");
        text.AppendLine();
        text.AppendLine(c, $"Commit {run.Commit}, {run.At:yyyy-MM-dd HH:mm} UTC. {run.Machine}. Load before {run.LoadBefore}, after {run.LoadAfter}.");
        File.WriteAllText(Path.Combine(MeasuredRun.Root, "docs", "performance.md"), text.ToString());
    }
}
