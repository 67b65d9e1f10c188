namespace Anycast.Tunnel.Rows;

/// <summary>What a line of a Rows stream says.</summary>
public enum RowChangeType
{
    /// <summary>Forget what was known of this kind: a fresh list follows (start, or after 410 Gone).</summary>
    Reset = 1,

    /// <summary>A row is new or has changed.</summary>
    Upsert = 2,

    /// <summary>The row's object is gone.</summary>
    Delete = 3,

    /// <summary>The list is complete; what follows are changes as they happen.</summary>
    Synced = 4,

    /// <summary>Nothing happened, the stream lives (at least every 15 seconds).</summary>
    Heartbeat = 5,

    /// <summary>The API server refused; <see cref="RowChange.Error"/> says how. The agent tries again by itself with back-off.</summary>
    Error = 6,
}

/// <summary>One line of a Rows stream (newline-delimited JSON arrays on the wire).</summary>
/// <param name="Type">What happened.</param>
/// <param name="Row">The row for <see cref="RowChangeType.Upsert"/>.</param>
/// <param name="Key">The row's key for <see cref="RowChangeType.Delete"/>.</param>
/// <param name="Error">A code such as <c>Forbidden</c> for <see cref="RowChangeType.Error"/>.</param>
/// <param name="Bytes">Length of the line that crossed the tunnel.</param>
public readonly record struct RowChange(RowChangeType Type, ResourceRow? Row = null, string? Key = null, string? Error = null, int Bytes = 0);
