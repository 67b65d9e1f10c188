using System.Runtime.InteropServices;
using Anycast.Agent.Inventory;

namespace Anycast.Agent;

/// <summary>The agent as its own process, or, with the argument <c>inventory</c>, the inventory broker.</summary>
public static class Program
{
    public static async Task<int> Main(string[] args)
    {
        Func<string, string?> environment = Environment.GetEnvironmentVariable;
        if (args is ["--healthcheck"])
        {
            return await HealthAsync(environment("ANYCAST_HEALTH_PORT")).ConfigureAwait(false);
        }

        using var loggers = LoggerFactory.Create(b => b.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(LogLevel.Information));
        Func<CancellationToken, Task<int>> runAsync;
        try
        {
            runAsync = args is ["inventory"] ? Inventory(environment, loggers) : Agent(environment, loggers);
        }
        catch (AgentSetupException e)
        {
            loggers.CreateLogger("Anycast.Agent").LogCritical("{Message}", e.Message);
            return AgentHost.BadSetup;
        }

        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        return await runAsync(stop.Token).ConfigureAwait(false);

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static Func<CancellationToken, Task<int>> Agent(Func<string, string?> environment, ILoggerFactory loggers)
    {
        var options = AgentOptions.FromEnvironment(environment);
        return cancellationToken => AgentHost.RunAsync(options, loggers, cancellationToken);
    }

    private static Func<CancellationToken, Task<int>> Inventory(Func<string, string?> environment, ILoggerFactory loggers)
    {
        var options = InventoryOptions.FromEnvironment(environment);
        return cancellationToken => InventoryHost.RunAsync(options, loggers, cancellationToken);
    }

    /// <summary>For a container without a shell: 0 when the agent in it lives.</summary>
    private static async Task<int> HealthAsync(string? port)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/live")).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or UriFormatException)
        {
            return 1;
        }
    }
}
