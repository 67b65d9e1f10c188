namespace Anycast.Tunnel.Rights;

/// <summary>One rule of a Role or ClusterRole, or of a SelfSubjectRulesReview.</summary>
public sealed record RoleRule(
    IReadOnlyList<string> Groups,
    IReadOnlyList<string> Resources,
    IReadOnlyList<string> Verbs,
    IReadOnlyList<string> Names,
    IReadOnlyList<string> NonResourceUrls);

/// <summary>A right that the agent should not hold by default.</summary>
/// <param name="Code">What it is, key of its text: <c>wildcard</c>, <c>secrets</c>, <c>exec</c> …</param>
/// <param name="Resource">Group/resource it concerns.</param>
/// <param name="Verb">The verb.</param>
public sealed record ExcessRight(string Code, string Resource, string Verb);
