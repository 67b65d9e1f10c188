using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Anycast.Agent.Cluster;

/// <summary>
/// The current context of a kubeconfig: address, authority and one credential. What would start a process (exec and auth-provider
/// plug-ins) is refused, but for programs that the agent's own configuration names; and so is a connection that checks no certificate.
/// </summary>
public sealed record Kubeconfig(Uri Server)
{
    public string? CertificateAuthority { get; private init; }

    public string? TlsServerName { get; private init; }

    public string? Token { get; private init; }

    public string? TokenFile { get; private init; }

    public string? ClientCertificate { get; private init; }

    public string? ClientKey { get; private init; }

    /// <summary>The program that signs in.</summary>
    public ExecPlugin? Exec { get; private init; }

    /// <exception cref="AgentSetupException">The file is missing or can't be used.</exception>
    public static Kubeconfig Load(string path, IReadOnlyList<string>? plugins = null)
    {
        try
        {
            return Parse(File.ReadAllText(path), Path.GetDirectoryName(Path.GetFullPath(path))!, plugins);
        }
        catch (IOException e)
        {
            throw new AgentSetupException($"The kubeconfig can't be read: {path} ({e.GetType().Name})", e);
        }
    }

    /// <summary>Reads a kubeconfig's text; paths in it are relative to <paramref name="directory"/>.</summary>
    /// <param name="plugins">Programs that may be started to sign in.</param>
    /// <exception cref="AgentSetupException">It can't be used; the message says why.</exception>
    public static Kubeconfig Parse(string yaml, string directory, IReadOnlyList<string>? plugins = null)
    {
        var root = Root(yaml);
        var contextName = Text(root, "current-context") ?? throw new AgentSetupException("The kubeconfig names no current-context.");
        var context = Named(root, "contexts", contextName, "context");
        var cluster = Named(root, "clusters", Text(context, "cluster") ?? "", "cluster");
        var user = Text(context, "user") is { Length: > 0 } userName ? Named(root, "users", userName, "user") : new YamlMappingNode();
        if (Has(user, "auth-provider"))
        {
            throw new AgentSetupException("The kubeconfig's user runs a program to sign in (auth-provider, which Kubernetes no longer supports). The agent starts no programs: give it a kubeconfig with a token or a client certificate.");
        }

        if (Has(user, "username"))
        {
            throw new AgentSetupException("The kubeconfig's user signs in with a password, which Kubernetes no longer supports. Give it a token or a client certificate.");
        }

        if (Text(cluster, "insecure-skip-tls-verify") == "true")
        {
            throw new AgentSetupException("The kubeconfig says insecure-skip-tls-verify. The agent always checks the API server's certificate: name its authority instead.");
        }

        if (!Uri.TryCreate(Text(cluster, "server"), UriKind.Absolute, out var server) || (server.Scheme != "https" && !server.IsLoopback))
        {
            throw new AgentSetupException("The kubeconfig's server is no https address.");
        }

        return new Kubeconfig(server)
        {
            CertificateAuthority = Data(cluster, "certificate-authority", directory),
            TlsServerName = Text(cluster, "tls-server-name"),
            Token = Text(user, "token"),
            TokenFile = Text(user, "tokenFile") is { Length: > 0 } file ? Path.Combine(directory, file) : null,
            ClientCertificate = Data(user, "client-certificate", directory),
            ClientKey = Data(user, "client-key", directory),
            Exec = user.Children.TryGetValue(new YamlScalarNode("exec"), out var exec) ? ExecPlugin.Parse(exec as YamlMappingNode ?? new YamlMappingNode(), directory, plugins ?? []) : null,
        };
    }

    private static YamlMappingNode Root(string yaml)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents is [{ RootNode: YamlMappingNode map }, ..] ? map : throw new AgentSetupException("The kubeconfig is empty.");
        }
        catch (YamlException e)
        {
            throw new AgentSetupException("The kubeconfig is no valid YAML.", e);
        }
    }

    private static YamlMappingNode Named(YamlMappingNode root, string list, string name, string inner)
    {
        if (root.Children.TryGetValue(new YamlScalarNode(list), out var node) && node is YamlSequenceNode items)
        {
            foreach (var item in items.OfType<YamlMappingNode>())
            {
                if (Text(item, "name") == name && item.Children.TryGetValue(new YamlScalarNode(inner), out var found) && found is YamlMappingNode map)
                {
                    return map;
                }
            }
        }

        throw new AgentSetupException($"The kubeconfig names {inner} \"{name}\" but has none of that name.");
    }

    private static string? Data(YamlMappingNode map, string key, string directory)
    {
        if (Text(map, key + "-data") is { Length: > 0 } data)
        {
            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(data));
            }
            catch (FormatException e)
            {
                throw new AgentSetupException($"The kubeconfig's {key}-data is no base64.", e);
            }
        }

        return Text(map, key) is { Length: > 0 } file ? File.ReadAllText(Path.Combine(directory, file)) : null;
    }

    private static bool Has(YamlMappingNode map, string key) => map.Children.ContainsKey(new YamlScalarNode(key));

    private static string? Text(YamlMappingNode map, string key) =>
        map.Children.TryGetValue(new YamlScalarNode(key), out var node) && node is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;
}
