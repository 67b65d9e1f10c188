using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Anycast.Tests.Harness;

/// <summary>
/// The built product as a process of its own, with its own data directory, on a port of its own. It can be killed at any moment (SIGKILL)
/// and started again on what it left behind.
/// </summary>
public sealed partial class AppProcess : IAsyncDisposable
{
    private static int s_count;
    private readonly TempDirectory _directory = new();
    private readonly Dictionary<string, string> _environment;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly string _logFile;
    private Process? _process;

    private AppProcess(Dictionary<string, string> environment)
    {
        _environment = environment;
        Port = FreePort();
        _logFile = RepositoryRoot.Artifacts("logs", $"app-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}.log");
        Address = new Uri($"http://localhost:{Port}");
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public int Port { get; }

    public Uri Address { get; }

    /// <summary>Where it speaks HTTPS too, when it was given a certificate.</summary>
    public int? SecurePort { get; private init; }

    /// <summary>Follows no redirect and keeps no cookie.</summary>
    public HttpClient Client { get; }

    /// <summary>The data directory.</summary>
    public string Data => _directory.File("data");

    /// <summary>All that the process has written so far, over its restarts.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>What the process that runs now has used of the processor.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Id of the process that runs now.</summary>
    public int ProcessId => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The code that the last start printed.</summary>
    public string SetupCode => SetupCodePattern().Matches(Log).Last().Groups[1].Value;

    /// <summary>Starts it and waits until it is ready. Keys of <paramref name="settings"/> are configuration keys with colons.</summary>
    public static async Task<AppProcess> StartAsync(IReadOnlyDictionary<string, string?>? settings = null, TimeSpan? within = null, X509Certificate2? certificate = null)
    {
        var environment = new Dictionary<string, string>
        {
            ["Anycast__Accounts__BcryptCost"] = "4",
            ["Anycast__Demo__Enabled"] = "false",
        };
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>())
        {
            environment[key.Replace(":", "__")] = value ?? "";
        }

        var app = new AppProcess(environment) { SecurePort = certificate is null ? null : FreePort() };
        try
        {
            if (certificate is not null)
            {
                await app.CertifyAsync(certificate);
            }

            app.Launch();
            await app.ReadyAsync(within);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it with settings that cannot be used, on a data directory of its own, and waits for its end.</summary>
    /// <returns>Its exit code and what it said.</returns>
    public static async Task<(int Code, string Said)> StartInVainAsync(IReadOnlyDictionary<string, string?> settings)
    {
        await using var app = new AppProcess(new() { ["Anycast__Accounts__BcryptCost"] = "4", ["Anycast__Demo__Enabled"] = "false" });
        foreach (var (key, value) in settings)
        {
            app.Set(key, value ?? "");
        }

        app.Launch();
        await app._process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (app._process.ExitCode, app.Log);
    }

    /// <summary>SIGKILL: nothing gets a chance to tidy up.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Changes a setting for the next start.</summary>
    public void Set(string key, string value) => _environment[key.Replace(":", "__")] = value;

    /// <summary>Starts it again on the same data and port, and waits until it is ready.</summary>
    public async Task RestartAsync(TimeSpan? within = null)
    {
        await KillAsync();
        Launch();
        await ReadyAsync(within);
    }

    /// <summary>Starts it without waiting.</summary>
    public void Launch()
    {
        _process?.Dispose();
        var dll = RepositoryRoot.At("Anycast.Web", "bin", RepositoryRoot.Configuration, "net10.0", "Anycast.Web.dll");
        var start = new ProcessStartInfo("dotnet", [dll])
        {
            // As in a container: appsettings.json lies in the content root too, and must not win over the environment.
            WorkingDirectory = RepositoryRoot.At(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["ASPNETCORE_URLS"] = Address.ToString().TrimEnd('/') + (SecurePort is { } secure ? $";https://localhost:{secure}" : "");
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        start.Environment["Anycast__Data__Directory"] = Data;
        start.Environment["DOTNET_TieredPGO"] = "0"; // Starts quicker, and nothing here runs long.
        foreach (var (key, value) in _environment)
        {
            start.Environment[key] = value;
        }

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, e) => Note(e.Data);
        process.ErrorDataReceived += (_, e) => Note(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Waits until <c>/health/ready</c> says so; when the process ends before, fails with its log.</summary>
    public async Task ReadyAsync(TimeSpan? within = null) => await Eventually.TrueAsync(
        async () =>
        {
            if (_process!.HasExited)
            {
                await _process.WaitForExitAsync();
                throw new InvalidOperationException($"The service ended with code {_process.ExitCode} while starting:\n{Log}");
            }

            try
            {
                using var answer = await Client.GetAsync("/health/ready");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        "the service is ready",
        within ?? TimeSpan.FromSeconds(90));

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        Client.Dispose();
        _directory.Dispose();
    }

    private async Task CertifyAsync(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        await File.WriteAllTextAsync(_directory.File("server.crt"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_directory.File("server.key"), key.ExportPkcs8PrivateKeyPem());
        Set("Kestrel:Certificates:Default:Path", _directory.File("server.crt"));
        Set("Kestrel:Certificates:Default:KeyPath", _directory.File("server.key"));
    }

    private void Note(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
            lock (_log)
            {
                File.AppendAllText(_logFile, line + "\n");
            }
        }
    }

    internal static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    [GeneratedRegex("setup code ([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})")]
    private static partial Regex SetupCodePattern();
}
