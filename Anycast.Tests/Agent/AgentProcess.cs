using System.Diagnostics;
using Anycast.Tests.Harness;

namespace Anycast.Tests.Agent;

/// <summary>The built agent as a process of its own, which can be frozen and killed.</summary>
public sealed class AgentProcess : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly Process process;
    private readonly List<string> log = [];
    private readonly int healthPort = AppProcess.FreePort();

    public AgentProcess(Uri server, string kubeconfig, string token, params (string Name, string Value)[] environment)
        : this(new ProcessStartInfo("dotnet", [RepositoryRoot.At("Anycast.Agent", "bin", RepositoryRoot.Configuration, "net10.0", "Anycast.Agent.dll")]), server, kubeconfig, token, environment)
    {
    }

    private AgentProcess(ProcessStartInfo start, Uri server, string kubeconfig, string token, (string Name, string Value)[] environment)
    {
        File.WriteAllText(directory.File("kubeconfig"), kubeconfig);
        if (!OperatingSystem.IsWindows())
        {
            // The native agent runs as somebody else.
            File.SetUnixFileMode(directory.Path, File.GetUnixFileMode(directory.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        start.WorkingDirectory = directory.Path;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["ANYCAST_SERVER"] = server.ToString();
        start.Environment["ANYCAST_TOKEN"] = token;
        start.Environment["ANYCAST_PROPOSE"] = "true";
        start.Environment["ANYCAST_STATE"] = directory.File("state");
        start.Environment["KUBECONFIG"] = directory.File("kubeconfig");
        start.Environment["ANYCAST_HEALTH_PORT"] = healthPort.ToString(System.Globalization.CultureInfo.InvariantCulture);
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

    /// <summary>A native agent, as a user who owns nothing, in an environment that holds nothing else.</summary>
    public static AgentProcess Native(string file, Uri server, string kubeconfig, string token, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", file]);
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        return new AgentProcess(start, server, kubeconfig, token, environment);
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

    /// <summary>What <c>/health/live</c> or <c>/health/ready</c> says; empty while nothing answers or it is not well.</summary>
    public async Task<string> HealthAsync(string which)
    {
        using var http = new HttpClient();
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{healthPort}/health/{which}"));
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : "";
        }
        catch (HttpRequestException)
        {
            return "";
        }
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
