namespace Anycast.Tunnel.Operations;

/// <summary>How an operation ended.</summary>
public enum OperationStatus
{
    /// <summary>Done (or would be, for a dry run).</summary>
    Applied = 1,

    /// <summary>The target is not there.</summary>
    NotFound = 2,

    /// <summary>UID, generation or a prior value is not what was approved.</summary>
    Changed = 3,

    /// <summary>The cluster's RBAC, or the agent's own law, does not allow it.</summary>
    Forbidden = 4,

    /// <summary>The API server found the result invalid (422) or an admission refused it.</summary>
    Invalid = 5,

    /// <summary>The nonce was used before.</summary>
    Replayed = 6,

    /// <summary>The API server could not be reached or timed out; for an execution the effect must be read back.</summary>
    Unavailable = 7,
}

/// <summary>One leaf of the diff. Values are what may be shown: a marker <c>«withheld:N»</c> stands for what may not.</summary>
/// <param name="Path">Field path as in <see cref="LeafChange.Path"/>.</param>
/// <param name="Before">Prior value, null when absent.</param>
/// <param name="After">New value, null when absent.</param>
/// <param name="Requested">True for a leaf the patch sets; false for one that admission or defaulting changed.</param>
public sealed record LeafDiff(string Path, string? Before, string? After, bool Requested);

/// <summary>What the agent answers to an operation.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Uid">UID of the object seen.</param>
/// <param name="Generation">metadata.generation before the operation, null where the kind has none.</param>
/// <param name="Diff">Every leaf that is set, then every visible leaf that changed besides.</param>
/// <param name="Reason">Kubernetes reason (<c>Forbidden</c>, <c>Invalid</c>, …) or the agent's own code; never free text.</param>
public sealed record OperationResult(
    OperationStatus Status,
    string? Uid = null,
    long? Generation = null,
    IReadOnlyList<LeafDiff>? Diff = null,
    string? Reason = null);
