namespace Anycast.Sandbox;

/// <summary>How a sandbox cluster is to be.</summary>
public sealed class SandboxOptions
{
    /// <summary>Port on the loopback address; 0 takes a free one.</summary>
    public int Port { get; set; }

    /// <summary>Generated pods besides the scenario's.</summary>
    public int Pods { get; set; }

    /// <summary>Whether the shop with its faults is there; without it only nodes, system namespaces and access rules are.</summary>
    public bool Scenario { get; set; } = true;

    /// <summary>Whether controllers, scheduler and kubelets run; without them objects stay as they are written.</summary>
    public bool Controllers { get; set; } = true;

    /// <summary>The clock; the system's when null.</summary>
    public TimeProvider? Clock { get; set; }

    /// <summary>How much faster than real the cluster's own delays pass (pulls, back-offs, probes).</summary>
    public double Speed { get; set; } = 1;

    /// <summary>
    /// The cluster's identity (metadata.uid of kube-system). When null, the one kept in <see cref="DataDirectory"/>, so that a cluster that
    /// starts again is the same cluster; without a directory a new one.
    /// </summary>
    public string? Uid { get; set; }

    /// <summary>Where the identity, the certificate authority, the tokens and the kubeconfig are kept between starts; in memory only when null.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Seed of generated names and canary values.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>How often watches that ask for them get a bookmark.</summary>
    public TimeSpan BookmarkEvery { get; set; } = TimeSpan.FromSeconds(30);
}
