using Anycast.Core.Common;

namespace Anycast.Core.Mail;

/// <summary>The class of a mail decides what may stop it (U07).</summary>
public enum MailClass
{
    /// <summary>Needed for the account or ordered by the user: confirmation, reset, security. Cannot be switched off.</summary>
    Transactional = 1,

    /// <summary>News of the service; a preference.</summary>
    Notice = 2,

    /// <summary>Only with consent, re-read when it is sent.</summary>
    Marketing = 3,
}

/// <summary>
/// A mail waiting to leave. Written in the transaction of what causes it; sent by a job that can run twice or never. It keeps one
/// Message-ID over all tries. Text and address are emptied after it was sent; the row goes after 30 days.
/// </summary>
public sealed class OutboxMail
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid? UserId { get; set; }

    [Classified(DataClass.Technical)]
    public MailClass Class { get; set; }

    [Classified(DataClass.Message)]
    public string ToAddress { get; set; } = "";

    [Classified(DataClass.Message)]
    public string ToName { get; set; } = "";

    [Classified(DataClass.Message)]
    public string Subject { get; set; } = "";

    [Classified(DataClass.Message)]
    public string Text { get; set; } = "";

    [Classified(DataClass.Message)]
    public string Html { get; set; } = "";

    [Classified(DataClass.Technical)]
    public string MessageId { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset NextTryAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset? SentAt { get; set; }

    [Classified(DataClass.Technical)]
    public int Tries { get; set; }

    /// <summary>A class of error, never the server's text.</summary>
    [Classified(DataClass.Technical)]
    public string LastError { get; set; } = "";
}
