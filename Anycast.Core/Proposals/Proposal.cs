using Anycast.Core.Common;

namespace Anycast.Core.Proposals;

/// <summary>Where a proposal stands. It only moves forward.</summary>
public enum ProposalState
{
    /// <summary>Waits for a person.</summary>
    Proposed = 1,

    /// <summary>A person said yes; execution has not begun.</summary>
    Approved = 2,

    /// <summary>Execution has begun. A row found here long after has to be read back, never run again.</summary>
    Taken = 3,

    /// <summary>Done.</summary>
    Executed = 4,

    /// <summary>Not done, and nothing changed; <see cref="Proposal.ResultCode"/> says why.</summary>
    Failed = 5,

    /// <summary>Begun, and what became of it could not be found out: a person has to look.</summary>
    Unknown = 6,

    /// <summary>Nobody decided in time.</summary>
    Expired = 7,

    /// <summary>A person said no.</summary>
    Rejected = 8,
}

/// <summary>How much a change can break, from <see cref="RiskTable"/> alone, never from a model.</summary>
public enum ProposalRisk
{
    Low = 1,
    Medium = 2,

    /// <summary>Takes something down or touches what others depend on: the approver types the target's name.</summary>
    Destructive = 3,
}

/// <summary>Whether the change had the effect it was for.</summary>
public enum ProposalEffect
{
    /// <summary>Not executed, or not looked at yet.</summary>
    Pending = 0,

    /// <summary>The target is healthy.</summary>
    Recovered = 1,

    /// <summary>Applied, but the target was not healthy within the time of observation.</summary>
    NotYet = 2,
}

/// <summary>
/// A change that a tool asks for and a person decides on (DESIGN promise 3). The row is the record of it; the activity log is a view.
/// </summary>
public sealed class Proposal
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    /// <summary>No foreign key: the record outlives the cluster's connection.</summary>
    [Classified(DataClass.Technical)]
    public Guid ClusterId { get; set; }

    [Classified(DataClass.Cluster)]
    public string ClusterName { get; set; } = "";

    [Classified(DataClass.Technical)]
    public Guid ProposerId { get; set; }

    [Classified(DataClass.Contact)]
    public string ProposerName { get; set; } = "";

    /// <summary>The conversation in which it was made, when in one.</summary>
    [Classified(DataClass.Technical)]
    public Guid? ConversationId { get; set; }

    [Classified(DataClass.Technical)]
    public Guid? MessageId { get; set; }

    [Classified(DataClass.Technical)]
    public string Tool { get; set; } = "";

    [Classified(DataClass.Technical)]
    public int ToolVersion { get; set; }

    [Classified(DataClass.Technical)]
    public string Operation { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public string TargetGroup { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public string TargetKind { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public string TargetNamespace { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public string TargetName { get; set; } = "";

    [Classified(DataClass.Cluster)]
    public string TargetUid { get; set; } = "";

    /// <summary>metadata.generation when it was proposed; null where the kind has none.</summary>
    [Classified(DataClass.Cluster)]
    public long? TargetGeneration { get; set; }

    /// <summary>Canonical arguments: JSON array of LeafChange ordered by path. This and the next two are stored sealed; see <see cref="ProposalValues"/>.</summary>
    [Classified(DataClass.Cluster)]
    public string Arguments { get; set; } = "[]";

    /// <summary>Prior values in the order of the arguments, as shown to the approver; JSON array.</summary>
    [Classified(DataClass.Cluster)]
    public string PriorValues { get; set; } = "[]";

    /// <summary>The dry run's diff: JSON array of LeafDiff.</summary>
    [Classified(DataClass.Cluster)]
    public string Diff { get; set; } = "[]";

    /// <summary>SHA-256 (hex) of what an approval approves; see <see cref="ProposalDigest"/>.</summary>
    [Classified(DataClass.Technical)]
    public string Digest { get; set; } = "";

    [Classified(DataClass.Technical)]
    public int PolicyVersion { get; set; }

    [Classified(DataClass.Technical)]
    public ProposalRisk Risk { get; set; }

    [Classified(DataClass.Technical)]
    public string Nonce { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Who approved or rejected it.</summary>
    [Classified(DataClass.Technical)]
    public Guid? DeciderId { get; set; }

    [Classified(DataClass.Contact)]
    public string DeciderName { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset? DecidedAt { get; set; }

    [Classified(DataClass.Technical)]
    public ProposalState State { get; set; }

    /// <summary>Code of a failure, empty otherwise.</summary>
    [Classified(DataClass.Technical)]
    public string ResultCode { get; set; } = "";

    /// <summary>When execution ended, however it did.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? EndedAt { get; set; }

    [Classified(DataClass.Technical)]
    public ProposalEffect Effect { get; set; }

    /// <summary>The proposal that this one takes back, if it is an undo.</summary>
    [Classified(DataClass.Technical)]
    public Guid? UndoOf { get; set; }

    internal Proposal Copy() => (Proposal)MemberwiseClone();
}
