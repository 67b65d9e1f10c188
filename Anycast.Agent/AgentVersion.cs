using System.Reflection;

namespace Anycast.Agent;

/// <summary>The agent's version, as it is built.</summary>
public static class AgentVersion
{
    public static string Current { get; } = typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
