namespace Anycast.Tunnel.Carrier;

/// <summary>The agent's first message on a new WebSocket.</summary>
/// <param name="Type"><c>hello</c>.</param>
/// <param name="Protocol">Version of this exchange: 1.</param>
/// <param name="PublicKey">The agent's public key, SubjectPublicKeyInfo in base64, ECDSA on P-256.</param>
/// <param name="ClusterUid">UID of the namespace <c>kube-system</c>: the cluster's identity.</param>
/// <param name="KubernetesVersion">What the API server calls its version.</param>
/// <param name="Version">The agent's version.</param>
/// <param name="SpecificationVersion">The version of its allow-list.</param>
/// <param name="AgentId">Its id once it is enrolled.</param>
/// <param name="Token">The one-use enrolment token, when it is not.</param>
public sealed record AgentHello(
    string Type,
    int Protocol,
    string PublicKey,
    string ClusterUid,
    string KubernetesVersion,
    string Version,
    int SpecificationVersion,
    string? AgentId = null,
    string? Token = null);

/// <summary>The agent's proof that it holds the private key: a signature over <see cref="ConnectProof.Payload"/>.</summary>
public sealed record ConnectAnswer(string Type, string Signature);

/// <summary>Why an agent is refused.</summary>
public static class RefusalCodes
{
    /// <summary>No such enrolment token.</summary>
    public const string TokenInvalid = "token_invalid";

    /// <summary>The enrolment token was used by another key.</summary>
    public const string TokenUsed = "token_used";

    /// <summary>The enrolment token is too old.</summary>
    public const string TokenExpired = "token_expired";

    /// <summary>A newer token took the place of this enrolment token.</summary>
    public const string TokenReplaced = "token_replaced";

    /// <summary>The agent's key was revoked, or its cluster removed.</summary>
    public const string Revoked = "revoked";

    /// <summary>The signature does not fit the key, or the key is not the enrolled one.</summary>
    public const string ProofFailed = "proof_failed";

    /// <summary>The key belongs to another cluster.</summary>
    public const string ClusterMismatch = "cluster_mismatch";

    /// <summary>The agent is too old or too new for this service.</summary>
    public const string VersionUnsupported = "version_unsupported";

    /// <summary>The key was seen from another cluster and is held until a person decides.</summary>
    public const string Quarantined = "quarantined";

    /// <summary>Try again later.</summary>
    public const string Busy = "busy";

    /// <summary>True when dialling again can't help and the agent should end.</summary>
    public static bool IsFinal(string code) => code is TokenInvalid or TokenUsed or TokenExpired or TokenReplaced or Revoked or ProofFailed or ClusterMismatch or VersionUnsupported;

    internal static readonly string[] All = [TokenInvalid, TokenUsed, TokenExpired, TokenReplaced, Revoked, ProofFailed, ClusterMismatch, VersionUnsupported, Quarantined, Busy];
}
