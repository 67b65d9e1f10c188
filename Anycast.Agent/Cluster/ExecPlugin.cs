using YamlDotNet.RepresentationModel;

namespace Anycast.Agent.Cluster;

/// <summary>
/// What a kubeconfig's user says of the program that signs in for it (<c>exec</c>, client.authentication.k8s.io). Which program that is, is not
/// the kubeconfig's to say: only one that whoever set the agent up named by its exact path.
/// </summary>
/// <param name="Program">Absolute path, one of those allowed.</param>
/// <param name="ApiVersion"><c>client.authentication.k8s.io/v1</c> or <c>v1beta1</c>.</param>
/// <param name="Arguments">Handed over one by one; there is no shell.</param>
/// <param name="Environment">Variables for it alone.</param>
/// <param name="ProvidesCluster">It wants to be told of the cluster.</param>
public sealed record ExecPlugin(string Program, string ApiVersion, IReadOnlyList<string> Arguments, IReadOnlyList<KeyValuePair<string, string>> Environment, bool ProvidesCluster)
{
    private const int MostParts = 100;
    private static readonly string[] Versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

    /// <param name="exec">The user's <c>exec</c>.</param>
    /// <param name="directory">Where the kubeconfig lies; a command with a slash is relative to it.</param>
    /// <param name="allowed">The programs that may be started.</param>
    /// <exception cref="AgentSetupException">It may not be started, or is not understood; the message says why.</exception>
    internal static ExecPlugin Parse(YamlMappingNode exec, string directory, IReadOnlyList<string> allowed)
    {
        var command = Text(exec, "command");
        if (command.Length == 0 || Find(command, directory, allowed) is not { } program)
        {
            throw new AgentSetupException(
                "The kubeconfig's user runs a program to sign in (exec or auth-provider). The agent starts no programs: give it a kubeconfig with a token or a client certificate. "
                + $"If you mean this one, and the agent runs outside the cluster, set {ExecPlugins.Variable} to the absolute path of the program ({Shown(command)}).");
        }

        var version = Text(exec, "apiVersion");
        if (!Versions.Contains(version, StringComparer.Ordinal))
        {
            throw new AgentSetupException($"The kubeconfig's exec has the apiVersion \"{Shown(version)}\"; the agent knows {string.Join(" and ", Versions)}.");
        }

        if (Text(exec, "interactiveMode") == "Always")
        {
            throw new AgentSetupException("The kubeconfig's exec asks a person (interactiveMode: Always). Nobody sits at the agent: use a program that signs in by itself, or a token.");
        }

        var arguments = Items(exec, "args").OfType<YamlScalarNode>().Select(a => a.Value ?? "").ToList();
        var environment = Items(exec, "env").OfType<YamlMappingNode>().Select(e => KeyValuePair.Create(Text(e, "name"), Text(e, "value"))).ToList();
        return arguments.Count <= MostParts && environment.Count <= MostParts && environment.TrueForAll(e => e.Key.Length > 0 && !e.Key.Contains('=', StringComparison.Ordinal))
            ? new ExecPlugin(program, version, arguments, environment, Text(exec, "provideClusterInfo") == "true")
            : throw new AgentSetupException("The kubeconfig's exec can't be read.");
    }

    /// <summary>A bare name stands for the allowed program of that name, never for whatever PATH finds.</summary>
    private static string? Find(string command, string directory, IReadOnlyList<string> allowed)
    {
        var bare = Path.GetFileName(command) == command;
        var wanted = bare ? command : Path.GetFullPath(Path.Combine(directory, command));
        return allowed.FirstOrDefault(a => (bare ? Path.GetFileName(a) : a) == wanted);
    }

    private static IEnumerable<YamlNode> Items(YamlMappingNode map, string key) =>
        map.Children.TryGetValue(new YamlScalarNode(key), out var node) && node is YamlSequenceNode list ? list.Children : [];

    private static string Text(YamlMappingNode map, string key) => map.Children.TryGetValue(new YamlScalarNode(key), out var node) && node is YamlScalarNode { Value: { } value } ? value : "";

    private static string Shown(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
