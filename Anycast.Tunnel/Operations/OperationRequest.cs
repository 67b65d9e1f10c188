namespace Anycast.Tunnel.Operations;

/// <summary>The object an operation acts on. <see cref="Uid"/> and <see cref="Generation"/> bind it to what a person saw.</summary>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Kind">Kubernetes kind.</param>
/// <param name="Namespace">Namespace, empty for cluster-scoped kinds.</param>
/// <param name="Name">Object name.</param>
/// <param name="Uid">metadata.uid that must still hold; null only for the first dry run.</param>
/// <param name="Generation">metadata.generation that must still hold where the kind has one.</param>
public sealed record OperationTarget(string Group, string Kind, string Namespace, string Name, string? Uid = null, long? Generation = null);

/// <summary>
/// One leaf that an operation sets. The path is the Kubernetes field path with list items named by their key, e.g.
/// <c>spec.template.spec.containers[checkout].image</c>, <c>spec.selector[app]</c>, <c>spec.replicas</c>.
/// The agent alone turns it into a JSON pointer, after checking it against the table of leaves that may be patched.
/// </summary>
/// <param name="Path">Field path.</param>
/// <param name="Value">New value as text (numbers and booleans too); null removes the leaf.</param>
public sealed record LeafChange(string Path, string? Value);

/// <summary>One changing operation: a patch of stated leaves of one object, sent as JSON Patch with <c>test</c> for each prior value.</summary>
/// <param name="Operation">Scale, Restart, SetImage, Patch, Suspend, Cordon: a name from <see cref="OperationNames"/>.</param>
/// <param name="Target">The object.</param>
/// <param name="Leaves">The leaves set; canonical, ordered by path.</param>
/// <param name="DryRun">True: <c>dryRun=All</c>, nothing is stored.</param>
/// <param name="Nonce">One-use value of the approval; the agent refuses one it has seen. Null for dry runs.</param>
/// <param name="Expected">For execution: the prior values shown to the approver, in the order of <paramref name="Leaves"/> (null = absent). The agent refuses when one differs.</param>
public sealed record OperationRequest(
    string Operation,
    OperationTarget Target,
    IReadOnlyList<LeafChange> Leaves,
    bool DryRun,
    string? Nonce = null,
    IReadOnlyList<string?>? Expected = null);

/// <summary>The operations the agent knows. Anything else is refused.</summary>
public static class OperationNames
{
    public const string Scale = "Scale";
    public const string Restart = "Restart";
    public const string SetImage = "SetImage";
    public const string Patch = "Patch";
    public const string Suspend = "Suspend";
    public const string Cordon = "Cordon";
}
