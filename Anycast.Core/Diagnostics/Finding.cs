using Anycast.Tunnel.Operations;

namespace Anycast.Core.Diagnostics;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing; may be wanted (suspended, cordoned).</summary>
    Info = 1,

    /// <summary>Works in part, or will soon not work.</summary>
    Warning = 2,

    /// <summary>Something does not work.</summary>
    Error = 3,

    /// <summary>Something does not work and others depend on it (a node, a namespace-wide quota).</summary>
    Critical = 4,
}

/// <summary>Names one object of a cluster.</summary>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Kind">Kubernetes kind.</param>
/// <param name="Namespace">Namespace, empty for cluster-scoped kinds.</param>
/// <param name="Name">Object name.</param>
/// <param name="Uid">metadata.uid, empty when the object itself was not read.</param>
public sealed record ObjectRef(string Group, string Kind, string Namespace, string Name, string Uid)
{
    /// <summary>As people write it: <c>Deployment shop/checkout</c>, <c>Node worker-1</c>.</summary>
    public override string ToString() => Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";
}

/// <summary>One thing that was read and on which a finding rests.</summary>
/// <param name="Object">Where it was read.</param>
/// <param name="Path">Field path within the object, e.g. <c>status.containerStatuses[checkout].state.waiting.reason</c>.</param>
/// <param name="Value">The value as it was read; may be a withheld marker.</param>
public sealed record Evidence(ObjectRef Object, string Path, string Value);

/// <summary>
/// A change that would mend a finding. Every value comes from evidence, never from a guess; <see cref="Origin"/> says from where.
/// It is only ever a suggestion: it becomes a Proposal, and a person approves that.
/// </summary>
/// <param name="Operation">A name from <see cref="OperationNames"/>.</param>
/// <param name="Target">The object to change.</param>
/// <param name="Leaves">What it sets.</param>
/// <param name="Origin">Key of the text (in <c>DiagnosticsText</c>) that says what is done and where the values come from.</param>
/// <param name="Args">Placeholders of that text.</param>
public sealed record SuggestedFix(
    string Operation,
    ObjectRef Target,
    IReadOnlyList<LeafChange> Leaves,
    string Origin,
    IReadOnlyDictionary<string, string> Args);

/// <summary>
/// One fault found by a rule, on the object a person would mend (the Deployment, not one of its pods).
/// The text is not in it: <see cref="FindingTexts"/> makes title, cause and remedy from <see cref="Rule"/> and <see cref="Args"/>.
/// </summary>
public sealed record Finding
{
    /// <summary>Stable over time and over restarts of pods: hash of cluster, owner's UID, rule and <see cref="Detail"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Rule id, also the prefix of its texts, e.g. <c>ImageNotFound</c>.</summary>
    public required string Rule { get; init; }

    public required FindingSeverity Severity { get; init; }

    /// <summary>The object the finding is about, rolled up to its owner.</summary>
    public required ObjectRef Subject { get; init; }

    /// <summary>What within the subject: a container, a port, a resource name; empty for the whole.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Placeholders of the texts.</summary>
    public required IReadOnlyDictionary<string, string> Args { get; init; }

    /// <summary>What was read; at most <see cref="DiagnosticsLimits.EvidencePerFinding"/>.</summary>
    public IReadOnlyList<Evidence> Evidence { get; init; } = [];

    /// <summary>The objects that show it (the pods of a Deployment); at most <see cref="DiagnosticsLimits.AffectedPerFinding"/>.</summary>
    public IReadOnlyList<ObjectRef> Affected { get; init; } = [];

    /// <summary>How many objects show it, also beyond the bound of <see cref="Affected"/>.</summary>
    public int Count { get; init; } = 1;

    /// <summary>True when it only follows from another fault (a Service without endpoints because its pods crash).</summary>
    public bool Symptom { get; init; }

    /// <summary>Objects whose own findings explain this one when <see cref="Symptom"/> is true.</summary>
    public IReadOnlyList<ObjectRef> CausedBy { get; init; } = [];

    /// <summary>Earliest instant that the evidence names, null when it names none.</summary>
    public DateTimeOffset? FirstSeen { get; init; }

    /// <summary>Latest instant that the evidence names, null when it names none.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>A change that would mend it, when the cluster itself holds the right value.</summary>
    public SuggestedFix? Fix { get; init; }
}
