using System.Diagnostics;
using System.Text;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent.Cluster;

/// <summary>
/// The one place of the product that starts a process: the program that signs in for a kubeconfig's user, where the agent's own configuration
/// names it (decision 011). No shell, no input, a bounded time and output, and an environment that holds nothing of the agent's.
/// </summary>
internal sealed class ExecCredentialProgram(Kubeconfig config, ExecPlugin plugin, TimeProvider clock) : IDisposable
{
    /// <summary>How long the program may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(30);

    private const int MostOutput = 256 * 1024;

    /// <summary>How long a token without an end is used before the program is asked again.</summary>
    private static readonly TimeSpan Undated = TimeSpan.FromMinutes(10);

    /// <summary>So much before its end a token is replaced.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(60);

    /// <summary>After a failure, or a token that the API server refuses, the program is not started anew at once.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    // What programs need to find their files, their settings and a proxy; everything else, the agent's token above all, stays with the agent.
    private static readonly string[] Inherited =
    [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "SYSTEMROOT", "TEMP",
        "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    ];

    private readonly SemaphoreSlim gate = new(1);
    private ExecCredential? last;
    private DateTimeOffset useUntil;
    private DateTimeOffset notBefore;

    /// <summary>The token now; the program is started only when there is none that still holds.</summary>
    /// <exception cref="ApiUnavailableException">The program gave none; the message says why.</exception>
    public async ValueTask<string> TokenAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var now = clock.GetUtcNow();
            if (last is not null && now < useUntil)
            {
                return last.Token;
            }

            if (now < notBefore)
            {
                return last?.Token ?? throw new ApiUnavailableException("The program that signs in failed a moment ago.");
            }

            notBefore = now + Pause;
            last = ExecCredential.Read(plugin, await RunAsync(cancellationToken).ConfigureAwait(false));
            useUntil = last.ExpiresAt is { } end ? end - Margin : now + Undated;
            return last.Token;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The API server refused the token: the program is asked for another.</summary>
    public void Refused() => useUntil = default;

    public void Dispose() => gate.Dispose();

    private async Task<byte[]> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var output = BodyReader.ReadAsync(process.StandardOutput.BaseStream, MostOutput, limit.Token).AsTask();

            // Read, so that the program does not wait for a reader; not logged, since it may hold anything.
            var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, limit.Token);
            var printed = await output.ConfigureAwait(false);
            await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? printed : throw new ApiUnavailableException($"The program that signs in ({plugin.Program}) ended with {process.ExitCode}.");
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ApiUnavailableException($"The program that signs in ({plugin.Program}) took longer than {Limit.TotalSeconds:0} s.", e);
        }
        catch (Exception e) when (e is ProjectionException or IOException)
        {
            throw new ApiUnavailableException($"The program that signs in ({plugin.Program}) printed too much, or could not be read.", e);
        }
        finally
        {
            Kill(process);
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(plugin.Program, plugin.Arguments)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        var inherited = Inherited.Select(name => KeyValuePair.Create(name, Environment.GetEnvironmentVariable(name))).Where(v => v.Value is not null).ToList();
        start.Environment.Clear();
        foreach (var (name, value) in inherited.Concat(plugin.Environment.Select(e => KeyValuePair.Create(e.Key, (string?)e.Value))))
        {
            start.Environment[name] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = Encoding.UTF8.GetString(ExecCredential.Request(plugin, config));
        try
        {
#pragma warning disable RS0030 // The one exception, see above; held by a guard.
            return Process.Start(start)!;
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new ApiUnavailableException($"The program that signs in ({plugin.Program}) can't be started.", e);
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }
    }
}
