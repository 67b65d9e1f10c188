namespace Anycast.Tunnel;

/// <summary>What an agent says of itself and its cluster.</summary>
/// <param name="Version">The agent's version.</param>
/// <param name="SpecificationVersion">The version of its allow-list.</param>
/// <param name="ClusterUid">UID of <c>kube-system</c>.</param>
/// <param name="KubernetesVersion">The API server's version.</param>
public sealed record AgentAbout(string Version, int SpecificationVersion, string ClusterUid, string KubernetesVersion);
