using Anycast.Tunnel.Rights;
using YamlDotNet.RepresentationModel;

namespace Anycast.Tests.Deploy;

/// <summary>Reads documents of a rendered manifest.</summary>
internal static class RoleReader
{
    public static IReadOnlyList<YamlMappingNode> Documents(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>()];
    }

    public static string Text(YamlMappingNode node, params string[] path)
    {
        YamlNode current = node;
        foreach (var part in path)
        {
            current = ((YamlMappingNode)current)[part];
        }

        return ((YamlScalarNode)current).Value ?? "";
    }

    public static IReadOnlyList<RoleRule> Rules(YamlMappingNode role) =>
        [.. ((YamlSequenceNode)role["rules"]).Cast<YamlMappingNode>().Select(r => new RoleRule(
            List(r, "apiGroups"), List(r, "resources"), List(r, "verbs"), List(r, "resourceNames"), List(r, "nonResourceURLs")))];

    private static string[] List(YamlMappingNode node, string key) =>
        node.Children.TryGetValue(key, out var value) ? [.. ((YamlSequenceNode)value).Select(v => ((YamlScalarNode)v).Value ?? "")] : [];
}
