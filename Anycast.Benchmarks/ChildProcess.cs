using System.Diagnostics;
using System.Globalization;

namespace Anycast.Benchmarks;

/// <summary>One side of a comparison as a process of its own: the native agent, or kubectl's proxy.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process process;

    private ChildProcess(Process process) => this.process = process;

    /// <summary>Resident memory now, in MiB.</summary>
    public double Resident => Status("VmRSS");

    /// <summary>Resident memory at its highest, in MiB.</summary>
    public double Peak => Status("VmHWM");

    /// <summary>Processor time so far.</summary>
    public TimeSpan Processor
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>The agent.</summary>
    public static ChildProcess Agent(string file, Uri server, string kubeconfig, string state) => new(Start(new ProcessStartInfo(file)
    {
        Environment =
        {
            ["ANYCAST_SERVER"] = server.ToString(),
            ["ANYCAST_TOKEN"] = "t",
            ["ANYCAST_STATE"] = state,
            ["KUBECONFIG"] = kubeconfig,
        },
    }));

    /// <summary><c>kubectl proxy</c>, and where it serves.</summary>
    public static async Task<(ChildProcess Process, Uri Address)> KubectlAsync(string kubeconfig)
    {
        var process = Start(new ProcessStartInfo("kubectl", ["--kubeconfig", kubeconfig, "proxy", "--port=0"]));
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("kubectl proxy did not start.");
        return (new ChildProcess(process), new Uri($"http://{line.Split(' ')[^1]}"));
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static Process Start(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        return Process.Start(start)!;
    }

    private double Status(string field)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith(field + ":", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }
}
