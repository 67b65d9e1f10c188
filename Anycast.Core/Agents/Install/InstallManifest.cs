using System.Reflection;

namespace Anycast.Core.Agents.Install;

/// <summary>What the manifest of one installation needs.</summary>
/// <param name="Server">Address of the service as the cluster reaches it.</param>
/// <param name="Token">One-use enrolment token.</param>
/// <param name="Image">Image reference of the agent, by digest.</param>
/// <param name="Propose">Whether the role that carries out approved proposals is bound.</param>
/// <param name="WayOut">Proxy and certificate authority, where the network needs them.</param>
public sealed record InstallValues(Uri Server, string Token, string Image, bool Propose, WayOut? WayOut = null);

/// <summary>The manifest that connects a cluster, rendered from the chart's own templates (deploy/agent/chart).</summary>
public static class InstallManifest
{
    private const string Prefix = "Anycast.Core.Agents.Install.chart.";

    /// <summary>Names of the templates, in the order they are applied.</summary>
    public static IReadOnlyList<string> Templates { get; } = ["agent.yaml", "read.yaml", "optin.yaml", "propose.yaml"];

    /// <summary>Renders all documents of an installation.</summary>
    public static string Render(InstallValues values)
    {
        var map = Map(values);
        return string.Join("---\n", Templates.Select(name => ManifestTemplate.Render(Read(name), map)).Where(text => text.Trim().Length > 0));
    }

    /// <summary>The same installation by Helm, from a checkout of this repository; what is left at the chart's default is not named.</summary>
    public static string HelmCommand(InstallValues values) =>
        "helm install cluster-agent deploy/agent/chart --set " + string.Join(',', Map(values).Where(v => v.Value is not ("" or "false")).Select(v => $"{v.Key}={v.Value}"));

    /// <summary>The text of a template as the chart holds it.</summary>
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + name)
            ?? throw new InvalidOperationException($"The template {name} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The chart's values, by their names in values.yaml.</summary>
    private static Dictionary<string, string> Map(InstallValues values) => new(StringComparer.Ordinal)
    {
        ["server"] = values.Server.GetLeftPart(UriPartial.Authority),
        ["token"] = values.Token,
        ["image.reference"] = values.Image,
        ["propose"] = values.Propose ? "true" : "false",
        ["caConfigMap"] = values.WayOut?.CaConfigMap ?? "",
        ["httpsProxy"] = values.WayOut?.HttpsProxy ?? "",
    };
}
