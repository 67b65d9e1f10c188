using Anycast.Tunnel.OptIns;

namespace Anycast.Tunnel.Rights;

/// <summary>What the agent may do in one namespace, beyond what it may do everywhere.</summary>
/// <param name="Namespace">The namespace; empty for what holds in the whole cluster.</param>
/// <param name="Rules">The rules that the API server named.</param>
public sealed record ScopedRules(string Namespace, IReadOnlyList<RoleRule> Rules);

/// <summary>
/// What the API server says the agent may do (SelfSubjectRulesReview), not what its manifest says: whatever anybody bound to its
/// service account is in here.
/// </summary>
/// <param name="Complete">False when a review was refused, was incomplete by the API server's own word, or when there are more namespaces than are asked for.</param>
/// <param name="Scopes">The whole cluster first, then the namespaces with rules of their own.</param>
/// <param name="OptIns">What the customer's opt-in object holds; null of an agent that knows none.</param>
public sealed record RightsReport(bool Complete, IReadOnlyList<ScopedRules> Scopes, IReadOnlyList<OptIn>? OptIns = null);
