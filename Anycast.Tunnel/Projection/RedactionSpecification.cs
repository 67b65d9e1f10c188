using System.Globalization;
using Anycast.Tunnel.Operations;
using YamlDotNet.RepresentationModel;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The allow-list of fields, loaded from the <c>redaction-allowlist.yaml</c> that is embedded in this assembly.
/// Agent and service each have their own copy; <see cref="Version"/> says whose is newer.
/// </summary>
public sealed class RedactionSpecification
{
    /// <summary>The envelope of a list.</summary>
    public const string ListEnvelope = "List";

    /// <summary>The API server's answer for what went wrong.</summary>
    public const string StatusKind = "Status";

    private const string AnyKind = "*";
    private readonly Dictionary<string, FieldNode> kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LeafType> annotations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> blocks = new(StringComparer.Ordinal);

    private RedactionSpecification(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var root = (YamlMappingNode)stream.Documents[0].RootNode;
        Version = int.Parse(Text(root, "version"), CultureInfo.InvariantCulture);
        foreach (var (key, value) in (YamlMappingNode)root.Children[new YamlScalarNode("annotation_allow")])
        {
            annotations.Add(((YamlScalarNode)key).Value!, Leaf(((YamlScalarNode)value).Value!));
        }

        foreach (var section in new[] { "blocks", "blocks_extra" })
        {
            foreach (var (key, value) in (YamlMappingNode)root.Children[new YamlScalarNode(section)])
            {
                blocks.Add(((YamlScalarNode)key).Value!, Entries(value));
            }
        }

        foreach (var (key, value) in (YamlMappingNode)root.Children[new YamlScalarNode("kinds")])
        {
            var kind = ((YamlScalarNode)key).Value!;
            var node = new FieldNode(kind);
            Fill(node, Entries(value), 0);
            if (kind is not (ListEnvelope or "Secret" or "ConfigMap"))
            {
                node.Child("apiVersion").SetLeaf(LeafType.Name);
                node.Child("kind").SetLeaf(LeafType.Enum);
            }

            node.Seal(kind switch { "Event" => MessageScope.Event, StatusKind => MessageScope.Status, _ => MessageScope.None });
            kinds.Add(kind, node);
        }
    }

    /// <summary>The specification embedded in this assembly.</summary>
    public static RedactionSpecification Current { get; } = new(EmbeddedText.Read("redaction-allowlist.yaml"));

    /// <summary>Rises with every change of the file.</summary>
    public int Version { get; }

    /// <summary>The kinds with an entry of their own.</summary>
    public IEnumerable<string> Kinds => kinds.Keys.Where(k => k is not (AnyKind or ListEnvelope or StatusKind));

    /// <summary>Loads a specification from its text, for tests that mutate it.</summary>
    internal static RedactionSpecification Parse(string yaml) => new(yaml);

    internal FieldNode For(string kind) => kinds.TryGetValue(kind, out var node) ? node : kinds[AnyKind];

    internal bool TryAnnotation(string key, out LeafType leaf) => annotations.TryGetValue(key, out leaf);

    /// <summary>A narrower tree of only some paths of a kind.</summary>
    /// <exception cref="InvalidDataException">A path is not on the allow-list.</exception>
    internal FieldNode Select(string kind, IEnumerable<string> paths)
    {
        var whole = For(kind);
        var node = new FieldNode(kind);
        foreach (var path in paths)
        {
            whole.CopyPath(node, path.Split('.'), $"{kind}: {path}");
        }

        node.Seal(kind == "Event" ? MessageScope.Event : MessageScope.None);
        return node;
    }

    /// <summary>The type of the leaf at a path; none when the allow-list does not name it.</summary>
    internal LeafType LeafAt(string kind, FieldPath path)
    {
        var node = For(kind);
        for (var i = 0; i < path.Steps.Count; i++)
        {
            var step = path.Steps[i];
            if (!step.IsKey)
            {
                node = node.Children.FirstOrDefault(c => c.Name == step.Text);
            }
            else if (i == path.Steps.Count - 1 && node.Leaf is LeafType.Labels or LeafType.Quantities or LeafType.Anns)
            {
                return node.Leaf switch
                {
                    LeafType.Labels => LeafType.Name,
                    LeafType.Quantities => LeafType.Quantity,
                    _ => TryAnnotation(step.Text, out var annotation) ? annotation : LeafType.None,
                };
            }
            else if (node.Leaf is LeafType.Argv or LeafType.Count)
            {
                return node.Leaf;
            }
            else
            {
                node = node.Item;
            }

            if (node is null)
            {
                return LeafType.None;
            }
        }

        return node.Leaf;
    }

    private void Fill(FieldNode node, string[] entries, int depth)
    {
        if (depth > 12)
        {
            throw new InvalidDataException("The allow-list's blocks include each other without end.");
        }

        foreach (var entry in entries)
        {
            var include = entry.IndexOf("<<", StringComparison.Ordinal);
            if (include >= 0)
            {
                Fill(Walk(node, entry[..include]), blocks[entry[(include + 2)..]], depth + 1);
                continue;
            }

            var colon = entry.LastIndexOf(':');
            Walk(node, entry[..colon]).SetLeaf(Leaf(entry[(colon + 1)..]));
        }
    }

    private static FieldNode Walk(FieldNode node, string path)
    {
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var isArray = step.EndsWith("[]", StringComparison.Ordinal);
            node = node.Child(isArray ? step[..^2] : step);
            node = isArray ? node.Element() : node;
        }

        return node;
    }

    private static LeafType Leaf(string word) =>
        Enum.TryParse<LeafType>(word, ignoreCase: true, out var leaf) && leaf != LeafType.None && !char.IsAsciiDigit(word[0])
            ? leaf
            : throw new InvalidDataException($"Unknown leaf type in the allow-list: {word}");

    private static string[] Entries(YamlNode node) => [.. ((YamlSequenceNode)node).Select(n => ((YamlScalarNode)n).Value!)];

    private static string Text(YamlMappingNode map, string key) => ((YamlScalarNode)map.Children[new YamlScalarNode(key)]).Value!;
}
