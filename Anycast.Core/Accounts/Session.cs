using Anycast.Core.Common;

namespace Anycast.Core.Accounts;

/// <summary>
/// A sign-in (D21, S04): the cookie carries only a key, of which the hash stands here. Ends 60 days after the last activity; the row
/// alone decides.
/// </summary>
public sealed class Session
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Credential)]
    public string KeyHash { get; set; } = "";

    /// <summary>The serialised authentication ticket, sealed with the service's key.</summary>
    [Classified(DataClass.Credential)]
    public byte[] Ticket { get; set; } = [];

    [Classified(DataClass.Connection)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Last recorded activity, at most 60 seconds late.</summary>
    [Classified(DataClass.Connection)]
    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>When the person last proved that it is them: at sign-in, or when a sensitive act asked again (T20).</summary>
    [Classified(DataClass.Connection)]
    public DateTimeOffset ProvenAt { get; set; }

    [Classified(DataClass.Connection)]
    public string? Ip { get; set; }

    /// <summary>Browser and system in words (D23).</summary>
    [Classified(DataClass.Connection)]
    public string Device { get; set; } = "";
}
