using Anycast.Agent.Cluster;
using Anycast.Agent.Connection;
using Anycast.Agent.Leading;
using Anycast.Agent.OptIns;
using Anycast.Agent.Rights;
using Anycast.Agent.Serving;
using Anycast.Tunnel;
using Anycast.Tunnel.Projection;

namespace Anycast.Agent;

/// <summary>Runs an agent: as its own process, or hosted in another for the demo and the tests; both go through the real tunnel.</summary>
public static class AgentHost
{
    /// <summary>Ended because it was asked to.</summary>
    public const int Stopped = 0;

    /// <summary>The set-up is wrong; starting again can't help.</summary>
    public const int BadSetup = 2;

    /// <summary>The service refused the agent for good: token, key, cluster or version.</summary>
    public const int Refused = 3;

    /// <summary>How long a replica that stops takes to give its lease up; the lease runs out by itself otherwise.</summary>
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(2);

    /// <summary>Runs until it is cancelled or refused for good.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(AgentOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Anycast.Agent");
        var clock = TimeProvider.System;
        try
        {
            using var access = ClusterAccess.Open(options.KubeconfigText, options.KubeconfigPath, options.AllowedExecPlugins, clock);
            using var api = new KubernetesApi(access, clock);
            var status = new AgentStatus();
            await using var health = await AgentServer.HealthAsync(options.HealthPort, status, api, loggers, cancellationToken).ConfigureAwait(false);
            return options.LeaderLease is { } name
                ? await LeadAsync(new LeaderLease(api, name, options.Replica, clock, logger), status, ct => ServeAsync(options, api, status, loggers, clock, ct), cancellationToken).ConfigureAwait(false)
                : await ServeAsync(options, api, status, loggers, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentSetupException e)
        {
            logger.LogCritical("{Message}", e.Message);
            return BadSetup;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Stopped;
        }
    }

    /// <summary>One of several replicas: it serves while it leads, and stands by otherwise.</summary>
    private static async Task<int> LeadAsync(LeaderLease lease, AgentStatus status, Func<CancellationToken, Task<int>> serveAsync, CancellationToken cancellationToken)
    {
        while (true)
        {
            await lease.AcquireAsync(status.StandsBy, cancellationToken).ConfigureAwait(false);
            using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var hold = new CancellationTokenSource();
            var holding = lease.HoldAsync(hold.Token);
            try
            {
                var serving = serveAsync(term.Token);
                if (await Task.WhenAny(serving, holding).ConfigureAwait(false) == holding)
                {
                    await term.CancelAsync().ConfigureAwait(false);
                }

                var code = await serving.ConfigureAwait(false);
                if (code != Stopped || cancellationToken.IsCancellationRequested)
                {
                    return code;
                }
            }
            finally
            {
                // The lease is held until what was under way has ended, then given up at once.
                await hold.CancelAsync().ConfigureAwait(false);
                await holding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                using var limit = new CancellationTokenSource(ReleaseLimit);
                await lease.ReleaseAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Connects, and serves until it is cancelled or refused for good.</summary>
    private static async Task<int> ServeAsync(AgentOptions options, KubernetesApi api, AgentStatus status, ILoggerFactory loggers, TimeProvider clock, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Anycast.Agent");
        try
        {
            IStateStore store = options.CredentialSecret is { } secret ? new SecretStore(api, options.StateDirectory, secret) : new DirectoryStore(options.StateDirectory);
            using var state = await AgentState.OpenAsync(store, cancellationToken).ConfigureAwait(false);
            var (clusterUid, version) = await IdentityAsync(api, status, clock, logger, cancellationToken).ConfigureAwait(false);
            using var optIns = new OptInReader(api, options.Namespace, clock, logger);
            using var rights = new RightsReader(api, optIns, clock, logger);
            await RightsGuard.CheckAsync(rights, options, logger, cancellationToken).ConfigureAwait(false);
            var about = new AgentAbout(AgentVersion.Current, RedactionSpecification.Current.Version, clusterUid, version);
            using var dialler = new Dialler(options, state, about);
            await using var server = await AgentServer.StartAsync(dialler, about, options, api, optIns, rights, status, clock, loggers, cancellationToken).ConfigureAwait(false);
            var stop = Task.Delay(Timeout.Infinite, cancellationToken);
            if (await Task.WhenAny(status.RefusedForGood, stop).ConfigureAwait(false) == stop)
            {
                return Stopped;
            }

            var (code, message) = await status.RefusedForGood.ConfigureAwait(false);
            logger.LogCritical("The service refused this agent ({Code}): {Message}", code, message);
            return Refused;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Stopped;
        }
    }

    private static async Task<(string ClusterUid, string Version)> IdentityAsync(KubernetesApi api, AgentStatus status, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(clock);
        while (true)
        {
            try
            {
                return await api.IdentityAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ApiUnavailableException or HttpRequestException or IOException or System.Text.Json.JsonException or KeyNotFoundException or ProjectionException)
            {
                var why = e is ApiUnavailableException ? e.Message : "The API server's answer can't be read.";
                status.Disconnected(why);
                logger.LogWarning("Waiting for the API server: {Why}", why);
                await Task.Delay(backoff.Next(), clock, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
