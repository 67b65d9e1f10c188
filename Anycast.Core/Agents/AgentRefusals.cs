namespace Anycast.Core.Agents;

/// <summary>Why an agent is not let in. The codes are part of the wire contract; the agent prints its own words for them.</summary>
public static class AgentRefusals
{
    public const string TokenInvalid = "token_invalid";
    public const string TokenUsed = "token_used";
    public const string TokenExpired = "token_expired";
    public const string Revoked = "revoked";
    public const string ProofFailed = "proof_failed";
    public const string ClusterMismatch = "cluster_mismatch";
    public const string Quarantined = "quarantined";
    public const string TooMany = "too_many";
}
