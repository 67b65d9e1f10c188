using System.Diagnostics;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Agent;

/// <summary>The built agent as a process of its own, which can be frozen and killed.</summary>
public sealed class AgentProcess : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly Process process;
    private readonly List<string> log = [];

    public AgentProcess(Uri server, string kubeconfig, string token, params (string Name, string Value)[] environment)
    {
        File.WriteAllText(directory.File("kubeconfig"), kubeconfig);
        var dll = RepositoryRoot.At("Anycast.Agent", "bin", RepositoryRoot.Configuration, "net10.0", "Anycast.Agent.dll");
        var start = new ProcessStartInfo("dotnet", [dll]) { WorkingDirectory = directory.Path, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["ANYCAST_SERVER"] = server.ToString();
        start.Environment["ANYCAST_TOKEN"] = token;
        start.Environment["ANYCAST_STATE"] = directory.File("state");
        start.Environment["KUBECONFIG"] = directory.File("kubeconfig");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, e) => Note(e.Data);
        process.ErrorDataReceived += (_, e) => Note(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Log
    {
        get
        {
            lock (log)
            {
                return string.Join('\n', log);
            }
        }
    }

    /// <summary>Sends a signal by its name: STOP, CONT, TERM, KILL.</summary>
    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public async Task<int> ExitAsync(TimeSpan within)
    {
        await process.WaitForExitAsync().WaitAsync(within);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }

        process.Dispose();
        directory.Dispose();
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            lock (log)
            {
                log.Add(line);
            }
        }
    }
}
