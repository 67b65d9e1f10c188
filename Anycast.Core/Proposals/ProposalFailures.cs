using Anycast.Core.Common;

namespace Anycast.Core.Proposals;

/// <summary>The named ways in which proposing or approving is refused.</summary>
public static class ProposalFailures
{
    /// <summary>Somebody, perhaps the same person in another tab, decided before.</summary>
    public static readonly Failure AlreadyDecided = new(FailureKind.Conflict, "proposals.already_decided");

    /// <summary>The ten minutes are over.</summary>
    public static readonly Failure Expired = new(FailureKind.Expired, "proposals.expired");

    /// <summary>The target's specification, or what the proposal would do, is not what was shown.</summary>
    public static readonly Failure Changed = new(FailureKind.Conflict, "proposals.changed");

    /// <summary>Who proposed it may not propose any more.</summary>
    public static readonly Failure ProposerGone = new(FailureKind.Forbidden, "proposals.proposer_gone");

    /// <summary>API tokens approve nothing.</summary>
    public static readonly Failure TokenMayNot = new(FailureKind.Forbidden, "proposals.token_may_not");

    /// <summary>A destructive change needs the target's name typed.</summary>
    public static readonly Failure TypedName = new(FailureKind.Invalid, "proposals.typed_name");

    /// <summary>The team connected this cluster to look only.</summary>
    public static readonly Failure ReadOnlyCluster = new(FailureKind.Forbidden, "proposals.read_only_cluster");

    /// <summary>A withheld value cannot be written back.</summary>
    public static readonly Failure Marker = new(FailureKind.Invalid, "proposals.marker");

    /// <summary>The arguments are not a change that can be proposed.</summary>
    public static readonly Failure Invalid = new(FailureKind.Invalid, "proposals.invalid");

    /// <summary>Everything is already as it would be set.</summary>
    public static readonly Failure NoChange = new(FailureKind.Invalid, "proposals.no_change");

    /// <summary>The cluster's RBAC or the agent does not allow the change.</summary>
    public static readonly Failure ForbiddenInCluster = new(FailureKind.Forbidden, "proposals.forbidden_in_cluster");

    /// <summary>The cluster found the result invalid, or an admission refused it.</summary>
    public static readonly Failure Refused = new(FailureKind.Invalid, "proposals.refused_by_cluster");

    /// <summary>Begun, and its end is not known: a person has to look.</summary>
    public static readonly Failure Unknown = new(FailureKind.Unavailable, "proposals.unknown");

    /// <summary>It cannot be taken back: a value it replaced is withheld, or it was not executed.</summary>
    public static readonly Failure NotUndoable = new(FailureKind.Invalid, "proposals.not_undoable");
}
