using System.Runtime.CompilerServices;

namespace Anycast.Agent.Cluster;

/// <summary>Which programs the agent may start to sign in: none, unless whoever set it up named them.</summary>
internal static class ExecPlugins
{
    /// <summary>The variable that names them.</summary>
    public const string Variable = "ANYCAST_ALLOW_EXEC_PLUGIN";

    /// <summary>Reads the absolute paths, separated as in PATH.</summary>
    /// <exception cref="AgentSetupException">Not here, or not so; the message says why.</exception>
    public static IReadOnlyList<string> Parse(string? text, bool inCluster)
    {
        if (text is null)
        {
            return [];
        }

        if (inCluster)
        {
            throw new AgentSetupException($"{Variable} is set in a pod. Inside a cluster the agent signs in with its service account and starts no program: take the variable away.");
        }

        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            // Native code, as the agent's image holds it.
            throw new AgentSetupException($"{Variable} is set, but this is the native agent, which can start no program. Use the agent for the .NET runtime, or give it a kubeconfig with a token.");
        }

        var paths = text.Split(Path.PathSeparator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var path in paths)
        {
            if (!Path.IsPathFullyQualified(path) || Path.GetFullPath(path) != path)
            {
                throw new AgentSetupException($"{Variable} must hold absolute paths without detours, such as /usr/local/bin/aws: {path}");
            }

            if (!File.Exists(path))
            {
                throw new AgentSetupException($"{Variable} names a program that is not there: {path}");
            }
        }

        return paths;
    }
}
