using Anycast.Agent.Cluster;
using Anycast.Agent.Policy;

namespace Anycast.Agent;

/// <summary>How an agent is set up. Everything comes from the environment; the service can change nothing of it.</summary>
public sealed record AgentOptions
{
    /// <summary><c>ANYCAST_SERVER</c>: where the service is; https, or http on loopback alone.</summary>
    public required Uri Server { get; init; }

    /// <summary><c>ANYCAST_TOKEN</c>: the one-use enrolment token; not needed once enrolled.</summary>
    public string? Token { get; init; }

    /// <summary><c>ANYCAST_STATE</c>: the directory that keeps the agent's key.</summary>
    public required string StateDirectory { get; init; }

    /// <summary><c>ANYCAST_CREDENTIAL_SECRET</c>: <c>namespace/name</c> of the agent's own Secret, mounted at <see cref="StateDirectory"/>; its key is kept there instead of in files.</summary>
    public string? CredentialSecret { get; init; }

    /// <summary><c>KUBECONFIG</c>: a kubeconfig's path. Without it and without <see cref="KubeconfigText"/> the pod's service account is used.</summary>
    public string? KubeconfigPath { get; init; }

    /// <summary>A kubeconfig itself, for an agent that is hosted in process.</summary>
    public string? KubeconfigText { get; init; }

    /// <summary><c>ANYCAST_HEALTH_PORT</c>: a plain HTTP port for <c>/health/live</c> and <c>/health/ready</c>; none when null.</summary>
    public int? HealthPort { get; init; }

    /// <summary><c>ANYCAST_CA_FILE</c>: PEM of a private authority that signed the service's certificate.</summary>
    public string? CaFile { get; init; }

    /// <summary><c>ANYCAST_ALLOW_EXCESS_RIGHTS</c>: start also with rights that reach Secrets, as an administrator's kubeconfig has.</summary>
    public bool AllowExcessRights { get; init; }

    /// <summary><c>ANYCAST_ALLOW_EXEC_PLUGIN</c>: absolute paths of the programs that a kubeconfig's user may start to sign in, separated as in PATH; none by default.</summary>
    public IReadOnlyList<string> AllowedExecPlugins { get; init; } = [];

    /// <summary><c>ANYCAST_LEADER_LEASE</c>: <c>namespace/name</c> of a Lease by which one of several replicas leads; none when null.</summary>
    public string? LeaderLease { get; init; }

    /// <summary>Which replica this is (the pod's name), unique among them also after a restart of the container.</summary>
    public string Replica { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid():n}";

    /// <summary>
    /// <c>ANYCAST_PROPOSE</c>: whoever set the agent up wants it to carry out approved proposals. Without it the agent refuses every
    /// operation, but those that an opt-in allows; what the service thinks of the cluster changes nothing of that.
    /// </summary>
    public bool Propose { get; init; } = true;

    /// <summary><c>ANYCAST_NAMESPACE</c>: the namespace that holds the customer's opt-in object; that of the credential, or <c>anycast-system</c>.</summary>
    public string Namespace { get; init; } = "anycast-system";

    /// <summary>Reads the environment.</summary>
    /// <exception cref="AgentSetupException">Something is missing or wrong; the message says what to do.</exception>
    public static AgentOptions FromEnvironment(Func<string, string?> get)
    {
        var server = get("ANYCAST_SERVER");
        if (string.IsNullOrWhiteSpace(server))
        {
            throw new AgentSetupException("ANYCAST_SERVER is not set. Set it to the address of the service, for example https://anycast.example.com");
        }

        var inCluster = get("KUBERNETES_SERVICE_HOST") is { Length: > 0 };
        return new AgentOptions
        {
            Server = ParseServer(server),
            Token = NullIfEmpty(get("ANYCAST_TOKEN")),
            StateDirectory = NullIfEmpty(get("ANYCAST_STATE")) ?? (inCluster ? "/var/lib/anycast" : "./agent-state"),
            CredentialSecret = NullIfEmpty(get("ANYCAST_CREDENTIAL_SECRET")),
            KubeconfigPath = NullIfEmpty(get("KUBECONFIG")) ?? (inCluster ? null : DefaultKubeconfig(get)),
            HealthPort = ParsePort(NullIfEmpty(get("ANYCAST_HEALTH_PORT"))),
            CaFile = NullIfEmpty(get("ANYCAST_CA_FILE")),
            Propose = string.Equals(get("ANYCAST_PROPOSE"), "true", StringComparison.OrdinalIgnoreCase),
            Namespace = ParseNamespace(NullIfEmpty(get("ANYCAST_NAMESPACE")) ?? NullIfEmpty(get("ANYCAST_CREDENTIAL_SECRET"))?.Split('/')[0] ?? "anycast-system"),
            AllowExcessRights = string.Equals(get("ANYCAST_ALLOW_EXCESS_RIGHTS"), "true", StringComparison.OrdinalIgnoreCase),
            AllowedExecPlugins = ExecPlugins.Parse(NullIfEmpty(get(ExecPlugins.Variable)), inCluster),
            LeaderLease = NullIfEmpty(get("ANYCAST_LEADER_LEASE")),
        };
    }

    /// <summary>Checks an address of the service.</summary>
    /// <exception cref="AgentSetupException">It is neither https nor loopback.</exception>
    public static Uri ParseServer(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0)
        {
            throw new AgentSetupException($"ANYCAST_SERVER is no address of a service: {text}");
        }

        if (uri.Scheme == "http" && !uri.IsLoopback)
        {
            throw new AgentSetupException("ANYCAST_SERVER must begin with https://. Plain http is for a service on this very machine only.");
        }

        return uri;
    }

    private static string ParseNamespace(string text) =>
        AccessPolicy.IsLabel(text) ? text : throw new AgentSetupException($"ANYCAST_NAMESPACE is no name of a namespace: {text}");

    internal static int? ParsePort(string? text) => text is null ? null
        : int.TryParse(text, out var port) && port is >= 0 and <= 65535 ? port
        : throw new AgentSetupException($"ANYCAST_HEALTH_PORT is no port: {text}");

    private static string? DefaultKubeconfig(Func<string, string?> get)
    {
        var home = get("HOME") ?? get("USERPROFILE");
        var path = home is null ? null : Path.Combine(home, ".kube", "config");
        return File.Exists(path) ? path : null;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}

/// <summary>The agent can't start as it is set up. The message is for whoever set it up.</summary>
public sealed class AgentSetupException : Exception
{
    public AgentSetupException()
    {
    }

    public AgentSetupException(string message)
        : base(message)
    {
    }

    public AgentSetupException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
