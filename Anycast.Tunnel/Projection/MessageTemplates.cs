using YamlDotNet.RepresentationModel;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The only way for free text out of a cluster: a message passes when it matches a template of its place, component and reason
/// literally, with every hole of the hole's type. It is then printed anew from the template. Everything else is withheld.
/// </summary>
public sealed class MessageTemplates
{
    private readonly Dictionary<MessageScope, Template[]> byScope;

    private MessageTemplates(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var all = new List<Template>();
        foreach (var node in (YamlSequenceNode)((YamlMappingNode)stream.Documents[0].RootNode).Children[new YamlScalarNode("templates")])
        {
            var map = (YamlMappingNode)node;
            var components = List(map, "component");
            var reasons = List(map, "reason");
            foreach (var scope in List(map, "in"))
            {
                foreach (var pattern in List(map, "pattern"))
                {
                    all.Add(new Template(Enum.Parse<MessageScope>(scope, ignoreCase: true), components, reasons, MessagePattern.Parse(pattern)));
                }
            }
        }

        byScope = all.GroupBy(t => t.Scope).ToDictionary(g => g.Key, g => g.ToArray());
    }

    /// <summary>The templates embedded in this assembly.</summary>
    public static MessageTemplates Current { get; } = new(EmbeddedText.Read("message-templates.yaml"));

    internal static MessageTemplates Parse(string yaml) => new(yaml);

    /// <summary>The message as its template prints it, or null when it is to be withheld.</summary>
    internal string? Render(MessageScope scope, string? component, string? reason, string message)
    {
        if (!byScope.TryGetValue(scope, out var templates))
        {
            return null;
        }

        foreach (var template in templates)
        {
            if (template.Applies(component, reason) && template.Pattern.TryRender(message, out var rendered))
            {
                return rendered;
            }
        }

        return null;
    }

    /// <summary>As <see cref="Render"/> for an event whose component is no longer known: the service's second look at a row.</summary>
    internal string? RenderEvent(string reason, string message)
    {
        foreach (var template in byScope[MessageScope.Event])
        {
            if ((template.Reasons.Length == 0 || template.Reasons.Contains(reason, StringComparer.Ordinal)) && template.Pattern.TryRender(message, out var rendered))
            {
                return rendered;
            }
        }

        return null;
    }

    /// <summary>As <see cref="Render"/> for a text of which neither place nor reason is known.</summary>
    internal string? RenderAnywhere(string message)
    {
        foreach (var template in byScope.Values.SelectMany(t => t))
        {
            if (template.Pattern.TryRender(message, out var rendered) && rendered == message)
            {
                return rendered;
            }
        }

        return null;
    }

    private static string[] List(YamlMappingNode map, string key)
    {
        if (!map.Children.TryGetValue(new YamlScalarNode(key), out var node))
        {
            return [];
        }

        return node is YamlSequenceNode list ? [.. list.Select(n => ((YamlScalarNode)n).Value!)] : [((YamlScalarNode)node).Value!];
    }

    private sealed record Template(MessageScope Scope, string[] Components, string[] Reasons, MessagePattern Pattern)
    {
        public bool Applies(string? component, string? reason) =>
            (Components.Length == 0 || (component is not null && Components.Contains(component, StringComparer.Ordinal)))
            && (Reasons.Length == 0 || (reason is not null && Reasons.Contains(reason, StringComparer.Ordinal)));
    }
}
