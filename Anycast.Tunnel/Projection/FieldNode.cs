using System.Text;
using System.Text.Json;

namespace Anycast.Tunnel.Projection;

/// <summary>What a leaf tells about a free text that stands beside it.</summary>
internal enum ContextRole
{
    None = 0,

    /// <summary><c>reason</c> of an event, a condition, a waiting container, a Status.</summary>
    Reason,

    /// <summary><c>type</c> of a condition.</summary>
    Type,

    /// <summary>The component that wrote an event.</summary>
    Component,
}

/// <summary>Where a free text stands; a message template names it.</summary>
internal enum MessageScope
{
    None = 0,
    Event,
    Waiting,
    Condition,
    PodStatus,
    Status,
}

/// <summary>
/// One field of the allow-list, compiled: what it may hold and which fields lie below. What has no node does not leave the cluster.
/// Immutable once compiled, shared by all threads.
/// </summary>
internal sealed class FieldNode(string name)
{
    private FieldNode[] children = [];
    private int[] buckets = [];

    public string Name { get; } = name;

    public JsonEncodedText Encoded { get; } = JsonEncodedText.Encode(name);

    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(name);

    public LeafType Leaf { get; private set; }

    /// <summary>The node of each element, for arrays.</summary>
    public FieldNode? Item { get; private set; }

    /// <summary>Position among its siblings.</summary>
    public int Index { get; private set; }

    public ContextRole Role { get; private set; }

    public MessageScope Scope { get; private set; }

    public IReadOnlyList<FieldNode> Children => children;

    public bool IsObject => children.Length > 0;

    /// <summary>Adds, or finds, a field below.</summary>
    public FieldNode Child(string childName)
    {
        foreach (var child in children)
        {
            if (child.Name == childName)
            {
                return child;
            }
        }

        var added = new FieldNode(childName) { Index = children.Length };
        children = [.. children, added];
        return added;
    }

    /// <summary>Adds, or finds, the node of the elements.</summary>
    public FieldNode Element() => Item ??= new FieldNode(Name);

    public void SetLeaf(LeafType leaf) => Leaf = leaf;

    /// <summary>Builds the lookup tables and the hints for messages; called once, after the last field was added.</summary>
    public void Seal(MessageScope scope)
    {
        Scope = scope;
        Item?.Seal(scope is MessageScope.None && Name == "conditions" ? MessageScope.Condition : scope);
        var size = 4;
        while (size < children.Length * 2)
        {
            size *= 2;
        }

        buckets = new int[size];
        foreach (var child in children)
        {
            var at = Hash(child.Utf8) & (size - 1);
            while (buckets[at] != 0)
            {
                at = (at + 1) & (size - 1);
            }

            buckets[at] = child.Index + 1;
            child.Role = (scope, child.Name) switch
            {
                (MessageScope.None, _) => ContextRole.None,
                (_, "reason") => ContextRole.Reason,
                (MessageScope.Condition, "type") => ContextRole.Type,
                (MessageScope.Event, "reportingComponent" or "reportingController") => ContextRole.Component,
                _ => ContextRole.None,
            };
            child.Seal(child.Leaf == LeafType.Msg ? scope : ScopeBelow(scope, child.Name));
            if (scope == MessageScope.Event && child.Name is "source" or "deprecatedSource")
            {
                foreach (var part in child.children)
                {
                    part.Role = part.Name == "component" ? ContextRole.Component : ContextRole.None;
                }
            }
        }
    }

    private static MessageScope ScopeBelow(MessageScope scope, string name) => (scope, name) switch
    {
        (MessageScope.Event, _) => MessageScope.None,
        (MessageScope.Status, _) => MessageScope.None,
        (_, "waiting") => MessageScope.Waiting,
        (_, "status") => MessageScope.PodStatus,
        _ => MessageScope.None,
    };

    /// <summary>Finds a field by its UTF-8 name without allocating.</summary>
    public FieldNode? Find(ReadOnlySpan<byte> utf8)
    {
        if (children.Length == 0 || utf8.IsEmpty)
        {
            return null;
        }

        var mask = buckets.Length - 1;
        for (var at = Hash(utf8) & mask; buckets[at] != 0; at = (at + 1) & mask)
        {
            var child = children[buckets[at] - 1];
            if (child.Utf8.AsSpan().SequenceEqual(utf8))
            {
                return child;
            }
        }

        return null;
    }

    /// <summary>A copy of only the given path, for a narrower projection.</summary>
    /// <exception cref="InvalidDataException">The path is not on the allow-list.</exception>
    public void CopyPath(FieldNode target, ReadOnlySpan<string> steps, string whole)
    {
        if (steps.IsEmpty)
        {
            target.Leaf = Leaf;
            return;
        }

        var step = steps[0];
        var isArray = step.EndsWith("[]", StringComparison.Ordinal);
        var fieldName = isArray ? step[..^2] : step;
        var source = children.FirstOrDefault(c => c.Name == fieldName) ?? throw new InvalidDataException($"Not on the allow-list: {whole}");
        var copy = target.Child(fieldName);
        if (isArray)
        {
            source = source.Item ?? throw new InvalidDataException($"No list on the allow-list: {whole}");
            copy = copy.Element();
        }

        source.CopyPath(copy, steps[1..], whole);
    }

    private static int Hash(ReadOnlySpan<byte> utf8) => (utf8.Length * 31) + (utf8[0] * 7) + (utf8[^1] * 131) + (utf8[utf8.Length / 2] * 17);
}
