using System.Collections.Concurrent;
using System.Diagnostics;

namespace Anycast.Tests.Harness;

/// <summary>The built agent as a process of its own, as it runs in a cluster or beside one.</summary>
public sealed class AgentProcess : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Process _process;

    private AgentProcess(Uri server, string? token, string kubeconfig)
    {
        File.WriteAllText(_directory.File("kubeconfig"), kubeconfig);
        var dll = RepositoryRoot.At("Anycast.Agent", "bin", RepositoryRoot.Configuration, "net10.0", "Anycast.Agent.dll");
        var start = new ProcessStartInfo("dotnet", [dll]) { WorkingDirectory = _directory.Path, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["ANYCAST_SERVER"] = server.ToString();
        start.Environment["ANYCAST_TOKEN"] = token ?? "";
        start.Environment["ANYCAST_PROPOSE"] = "true";
        start.Environment["ANYCAST_STATE"] = _directory.File("state");
        start.Environment["KUBECONFIG"] = _directory.File("kubeconfig");
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Note(e.Data);
        _process.ErrorDataReceived += (_, e) => Note(e.Data);
    }

    /// <summary>All that it has written.</summary>
    public string Log => string.Join('\n', _log);

    public bool IsRunning => !_process.HasExited;

    /// <summary>Starts it; whether it connects is seen at the service.</summary>
    public static AgentProcess Start(Uri server, string? token, string kubeconfig)
    {
        var agent = new AgentProcess(server, token, kubeconfig);
        agent._process.Start();
        agent._process.BeginOutputReadLine();
        agent._process.BeginErrorReadLine();
        return agent;
    }

    /// <summary>Waits until it ends by itself, and returns its code.</summary>
    public async Task<int> EndAsync(TimeSpan within)
    {
        await _process.WaitForExitAsync().WaitAsync(within);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        _directory.Dispose();
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
        }
    }
}
