using Anycast.Tunnel.OptIns;

namespace Anycast.Core.Agents.Rights;

/// <summary>Why the agent holds a right beyond reading.</summary>
public enum RightReason
{
    /// <summary>For nothing that was agreed: more than it should.</summary>
    Excess = 1,

    /// <summary>To carry out approved proposals.</summary>
    Proposals = 2,

    /// <summary>For an opt-in of the customer's that is in force there.</summary>
    OptIn = 3,
}

/// <summary>Whether an opt-in holds.</summary>
public enum OptInState
{
    InForce = 1,

    /// <summary>Its time is over.</summary>
    Expired = 2,

    /// <summary>It is in force, but the agent's role lacks the right in some of its namespaces; there nothing follows from it.</summary>
    RightMissing = 3,
}

/// <summary>An opt-in of the customer's as its page shows it.</summary>
/// <param name="OptIn">What the object in the cluster says.</param>
/// <param name="State">Whether it holds.</param>
/// <param name="WithoutRight">Namespaces where the right below it is missing.</param>
public sealed record OptInView(OptIn OptIn, OptInState State, IReadOnlyList<string> WithoutRight);

/// <summary>Kinds of one topic that the agent reads in the whole cluster.</summary>
/// <param name="Topic">Key of its text: <c>workloads</c>, <c>network</c> …</param>
/// <param name="Kinds">Kinds, by name.</param>
public sealed record ReadableTopic(string Topic, IReadOnlyList<string> Kinds);

/// <summary>Rights of one sort that go beyond reading what the allow-list names.</summary>
/// <param name="Code">Sort, as <see cref="Anycast.Tunnel.Rights.RightsLinter"/> names it; key of its text.</param>
/// <param name="Reason">Why it is held.</param>
/// <param name="Rights">Each as <c>verb group/resource</c>.</param>
/// <param name="Namespaces">Where; empty for the whole cluster.</param>
public sealed record HeldRight(string Code, RightReason Reason, IReadOnlyList<string> Rights, IReadOnlyList<string> Namespaces);

/// <summary>A report of rights, judged and in the order in which a person reads it.</summary>
/// <param name="ReportedAt">When the API server said so.</param>
/// <param name="Complete">False: there may be more.</param>
/// <param name="Reads">What it reads.</param>
/// <param name="Missing">Kinds whose pages stay empty, because the agent may not list them everywhere.</param>
/// <param name="Held">What it could do beyond reading, excess first.</param>
/// <param name="Denied">Sorts of rights that it does not hold anywhere, as far as is known.</param>
/// <param name="AlsoReadable">Resources that it could read and has no words to ask for.</param>
/// <param name="OptIns">What the customer opted in to, in the cluster itself.</param>
public sealed record RightsView(
    DateTimeOffset ReportedAt,
    bool Complete,
    IReadOnlyList<ReadableTopic> Reads,
    IReadOnlyList<string> Missing,
    IReadOnlyList<HeldRight> Held,
    IReadOnlyList<string> Denied,
    IReadOnlyList<string> AlsoReadable,
    IReadOnlyList<OptInView> OptIns)
{
    /// <summary>What it holds for nothing that was agreed.</summary>
    public IReadOnlyList<HeldRight> Excess => [.. Held.Where(h => h.Reason == RightReason.Excess)];

    /// <summary>The API server named nothing at all, so nothing is known.</summary>
    public bool IsUnknown => !Complete && Reads.Count == 0 && Held.Count == 0;
}
