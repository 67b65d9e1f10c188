using System.Diagnostics;
using Anycast.Sandbox;

namespace Anycast.Tests.Sandbox;

/// <summary>Runs the real kubectl against a sandbox, with a kubeconfig and a cache of its own.</summary>
public sealed class Kubectl : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("anycast-kubectl-").FullName;

    public Kubectl(SandboxCluster cluster)
    {
        File.WriteAllText(Path.Combine(_directory, "admin"), cluster.Kubeconfig());
        File.WriteAllText(Path.Combine(_directory, "agent"), cluster.Kubeconfig(agent: true));
    }

    /// <summary>Whether a kubectl is on PATH; tests of it are skipped otherwise.</summary>
    public static bool IsThere { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => File.Exists(Path.Combine(d, "kubectl")));

    /// <summary>Runs a command that must succeed and answers what it printed.</summary>
    public async Task<string> RunAsync(string arguments, string? input = null, string user = "admin")
    {
        var (exit, output, error) = await TryAsync(arguments, input, user);
        return exit == 0 ? output : throw new InvalidOperationException($"kubectl {arguments} ended with {exit}: {error}{output}");
    }

    /// <summary>Runs a command and answers exit code, output and errors.</summary>
    public async Task<(int Exit, string Output, string Error)> TryAsync(string arguments, string? input = null, string user = "admin")
    {
        Assert.SkipUnless(IsThere, "kubectl is not on PATH");
        using var process = Start(arguments, user, input is not null);
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command that goes on, such as a watch; lines are read from its output.</summary>
    public Process Start(string arguments, string user = "admin", bool input = false)
    {
        // Split at blanks: no argument of these tests holds one, and quotes in JSON stay as they are.
        string[] all = ["--kubeconfig", Path.Combine(_directory, user), "--cache-dir", Path.Combine(_directory, "cache"), .. arguments.Split(' ')];
        var start = new ProcessStartInfo("kubectl", all)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = input,
        };
        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
