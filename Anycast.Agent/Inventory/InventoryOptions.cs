using Anycast.Agent.Cluster;

namespace Anycast.Agent.Inventory;

/// <summary>How an inventory is set up. It knows no service: it has the right to list Secrets, and so it has no way out.</summary>
public sealed record InventoryOptions
{
    /// <summary><c>KUBECONFIG</c>: a kubeconfig's path. Without it and without <see cref="KubeconfigText"/> the pod's service account is used.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>A kubeconfig itself, for an inventory that is hosted in process.</summary>
    public string? KubeconfigText { get; init; }

    /// <summary><c>ANYCAST_HEALTH_PORT</c>: a plain HTTP port for the kubelet's probes; none when null.</summary>
    public int? HealthPort { get; init; }

    /// <summary>How long changes are gathered before they are written.</summary>
    internal TimeSpan Gather { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Reads the environment.</summary>
    /// <exception cref="AgentSetupException">Something is wrong; the message says what to do.</exception>
    public static InventoryOptions FromEnvironment(Func<string, string?> get)
    {
        foreach (var name in new[] { "ANYCAST_SERVER", "ANYCAST_TOKEN", "HTTPS_PROXY", "https_proxy" })
        {
            if (!string.IsNullOrWhiteSpace(get(name)))
            {
                throw new AgentSetupException($"{name} is set, but this is the inventory: it may list Secrets, and so it has no way out of the cluster. Take the variable away.");
            }
        }

        return new InventoryOptions
        {
            KubeconfigPath = string.IsNullOrWhiteSpace(get("KUBECONFIG")) ? null : get("KUBECONFIG"),
            HealthPort = AgentOptions.ParsePort(string.IsNullOrWhiteSpace(get("ANYCAST_HEALTH_PORT")) ? null : get("ANYCAST_HEALTH_PORT")),
        };
    }
}
