using System.Globalization;
using System.Reflection;
using Anycast.Tunnel.Projection;

namespace Anycast.Core.Agents;

/// <summary>
/// Which agent belongs to this service. Older ones go on working, since the service projects again with its own specification; their cluster's page
/// says that there is a newer one. The service can't update an agent: whoever runs the cluster does.
/// </summary>
public static class AgentRelease
{
    /// <summary>The version of the agent that was built with this service.</summary>
    public static string Current { get; } = typeof(AgentRelease).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Whether an agent of a version, with a version of the projection's specification, is older than that one. What can't be read is not.</summary>
    public static bool IsOlder(string version, string specification) => IsOlder(version, specification, Current, RedactionSpecification.Current.Version);

    internal static bool IsOlder(string version, string specification, string current, int currentSpecification) =>
        (int.TryParse(specification, NumberStyles.None, CultureInfo.InvariantCulture, out var spec) && spec < currentSpecification)
        || (Number(version) is { } agent && Number(current) is { } own && agent < own);

    /// <summary>Of <c>1.2.3-beta</c>, <c>1.2.3</c>.</summary>
    private static Version? Number(string text) => Version.TryParse(text.Split('-', '+')[0], out var version) ? version : null;
}
