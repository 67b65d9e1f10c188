using System.Globalization;
using System.Text.RegularExpressions;
using Anycast.Core.Common.Tools;

namespace Anycast.Core.Agents.Install;

/// <summary>
/// How an agent gets out of its network, where that takes more than an address. It stands in the manifest's own address, for it is a matter of the
/// cluster and of nobody else; so it comes from anywhere, and only what fits the grammar is rendered (T6).
/// </summary>
public sealed partial record WayOut
{
    /// <summary>Longest address of a proxy.</summary>
    public const int ProxyLength = 300;

    /// <summary>Longest name of a ConfigMap.</summary>
    public const int ConfigMapLength = 253;

    private WayOut(string httpsProxy, string caConfigMap) => (HttpsProxy, CaConfigMap) = (httpsProxy, caConfigMap);

    /// <summary>Straight ahead.</summary>
    public static WayOut Direct { get; } = new("", "");

    /// <summary>Address of an HTTP proxy, empty for none.</summary>
    public string HttpsProxy { get; }

    /// <summary>Name of the ConfigMap in the agent's namespace whose key <c>ca.crt</c> holds the authority to trust, empty for none.</summary>
    public string CaConfigMap { get; }

    /// <summary>What a person or an address says; null when either part is not of the grammar.</summary>
    public static WayOut? Parse(string? httpsProxy, string? caConfigMap) =>
        IsProxy(httpsProxy ?? "") && IsConfigMap(caConfigMap ?? "") ? new WayOut(httpsProxy ?? "", caConfigMap ?? "") : null;

    /// <summary>Empty, or http(s)://host[:port] and no more: a name and a password would stand in the address, and in every log of the way.</summary>
    public static bool IsProxy(string text) =>
        text.Length == 0 || (text.Length <= ProxyLength && Proxy().Match(text) is { Success: true } match
            && (!match.Groups["port"].Success || int.Parse(match.Groups["port"].ValueSpan, CultureInfo.InvariantCulture) is > 0 and <= 65535));

    /// <summary>Empty, or a name as Kubernetes allows it for a ConfigMap.</summary>
    public static bool IsConfigMap(string text) => text.Length == 0 || (KubernetesNames.IsName(text) && !text.Contains(':', StringComparison.Ordinal));

    [GeneratedRegex(@"^https?://([a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?|\[[0-9a-fA-F:]{2,45}\])(:(?<port>[0-9]{1,5}))?/?\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Proxy();
}
