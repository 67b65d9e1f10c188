using Anycast.Agent.Cluster;
using Anycast.Agent.Connection;
using Anycast.Agent.Serving;

namespace Anycast.Agent.Inventory;

/// <summary>
/// The inventory broker: a second mode of the agent's program, in a pod of its own with an identity of its own. It sees the metadata of Secrets
/// and ConfigMaps and writes their names into the cluster, where the agent may read them; so no identity has both the right and a way out.
/// </summary>
public static class InventoryHost
{
    /// <summary>Runs until it is cancelled.</summary>
    /// <returns>The exit code, as of <see cref="AgentHost"/>.</returns>
    public static async Task<int> RunAsync(InventoryOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger("Anycast.Inventory");
        var clock = TimeProvider.System;
        try
        {
            using var access = ClusterAccess.Open(options.KubeconfigText, options.KubeconfigPath, [], clock);
            using var api = new KubernetesApi(access, clock);
            var status = new AgentStatus();
            await using var health = await AgentServer.HealthAsync(options.HealthPort, status, api, loggers, cancellationToken).ConfigureAwait(false);
            var shelf = new InventoryShelf();
            var writer = new InventoryWriter(api, shelf, options.Gather, clock, logger);
            await Task.WhenAll([.. InventoryKind.All.Select(kind => new InventoryReader(api, kind, shelf, status, clock, logger).RunAsync(cancellationToken)), writer.RunAsync(cancellationToken)]).ConfigureAwait(false);
            return AgentHost.Stopped;
        }
        catch (AgentSetupException e)
        {
            logger.LogCritical("{Message}", e.Message);
            return AgentHost.BadSetup;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return AgentHost.Stopped;
        }
    }
}
