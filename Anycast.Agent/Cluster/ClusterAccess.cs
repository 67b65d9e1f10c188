using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace Anycast.Agent.Cluster;

/// <summary>Where the API server is and how the agent shows who it is.</summary>
public sealed class ClusterAccess : IDisposable
{
    private static readonly TimeSpan TokenAge = TimeSpan.FromSeconds(60);
    private readonly TimeProvider clock;
    private string? token;
    private long readAt;

    private ClusterAccess(Uri server, TimeProvider clock)
    {
        Server = server;
        this.clock = clock;
    }

    public Uri Server { get; }

    /// <summary>The authorities that the API server's certificate must come from; null: those of the system.</summary>
    public X509Certificate2Collection? Authorities { get; private init; }

    public X509Certificate2? ClientCertificate { get; private init; }

    /// <summary>The name in the API server's certificate, when it is not the host of the address.</summary>
    public string? ServerName { get; private init; }

    /// <summary>True inside the cluster, where no proxy lies between the agent and the API server.</summary>
    public bool IsInCluster { get; private init; }

    private string? TokenFile { get; init; }

    private ExecCredentialProgram? Program { get; init; }

    /// <summary>By a kubeconfig's text or path, or by the pod's service account when there is neither.</summary>
    /// <param name="plugins">Programs that a kubeconfig may start to sign in.</param>
    /// <exception cref="AgentSetupException">It can't be used; the message says why.</exception>
    public static ClusterAccess Open(string? kubeconfig, string? path, IReadOnlyList<string> plugins, TimeProvider clock) => (kubeconfig, path) switch
    {
        ({ } text, _) => FromKubeconfig(Kubeconfig.Parse(text, Environment.CurrentDirectory, plugins), clock),
        (_, { } file) => FromKubeconfig(Kubeconfig.Load(file, plugins), clock),
        _ => FromServiceAccount(Environment.GetEnvironmentVariable, clock),
    };

    /// <summary>The pod's service account (Kubernetes documentation: "Accessing the API from within a Pod").</summary>
    /// <exception cref="AgentSetupException">This is no pod with a service account.</exception>
    public static ClusterAccess FromServiceAccount(Func<string, string?> environment, TimeProvider clock)
    {
        const string directory = "/var/run/secrets/kubernetes.io/serviceaccount";
        var host = environment("KUBERNETES_SERVICE_HOST");
        var tokenFile = Path.Combine(directory, "token");
        if (string.IsNullOrEmpty(host) || !File.Exists(tokenFile))
        {
            throw new AgentSetupException("There is no cluster to connect: this is no pod with a service account, and KUBECONFIG is not set.");
        }

        var port = environment("KUBERNETES_SERVICE_PORT") is { Length: > 0 } given ? given : "443";
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(directory, "ca.crt"));
        return new ClusterAccess(new Uri($"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}"), clock)
        {
            Authorities = authorities,
            TokenFile = tokenFile,
            IsInCluster = true,
        };
    }

    /// <summary>The current context of a kubeconfig.</summary>
    /// <exception cref="AgentSetupException">It can't be used; the message says why.</exception>
    public static ClusterAccess FromKubeconfig(Kubeconfig config, TimeProvider clock)
    {
        var authorities = config.CertificateAuthority is { } pem ? Certificates(pem) : null;
        return new ClusterAccess(config.Server, clock)
        {
            Authorities = authorities,
            ServerName = config.TlsServerName,
            ClientCertificate = config.ClientCertificate is { } certificate && config.ClientKey is { } key ? X509Certificate2.CreateFromPem(certificate, key) : null,
            TokenFile = config.TokenFile,

            // A constant in native code: there the program's starter is not even compiled in.
            Program = RuntimeFeature.IsDynamicCodeSupported && config.Exec is { } exec ? new ExecCredentialProgram(config, exec, clock) : null,
            token = config.Token,
        };
    }

    /// <summary>The bearer token, read anew each minute where it lies in a file, since service account tokens rotate.</summary>
    /// <exception cref="ApiUnavailableException">The program that signs in gave none.</exception>
    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        if (Program is not null)
        {
            return await Program.TokenAsync(cancellationToken).ConfigureAwait(false);
        }

        if (TokenFile is null || (token is not null && clock.GetElapsedTime(Volatile.Read(ref readAt)) < TokenAge))
        {
            return token;
        }

        token = (await File.ReadAllTextAsync(TokenFile, cancellationToken).ConfigureAwait(false)).Trim();
        Volatile.Write(ref readAt, clock.GetTimestamp());
        return token;
    }

    /// <summary>The API server refused the token.</summary>
    public void Refused() => Program?.Refused();

    public void Dispose()
    {
        Program?.Dispose();
        ClientCertificate?.Dispose();
    }

    private static X509Certificate2Collection Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates.Count > 0 ? certificates : throw new AgentSetupException("The kubeconfig's certificate authority holds no certificate.");
    }
}
