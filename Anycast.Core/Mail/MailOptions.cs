namespace Anycast.Core.Mail;

/// <summary>Where mail goes. Section <c>Anycast:Mail</c>. Without <see cref="SmtpHost"/> it lands in the pick-up folder, which operators read.</summary>
public sealed class MailOptions
{
    public const string Section = "Anycast:Mail";

    public string? SmtpHost { get; set; }
    public int SmtpPort { get; set; } = 587;
    public string? SmtpUser { get; set; }
    public string? SmtpPassword { get; set; }

    /// <summary><c>StartTls</c> (default), <c>SslOnConnect</c>, or <c>None</c> for a relay on this host.</summary>
    public string SmtpSecurity { get; set; } = "StartTls";

    public string FromAddress { get; set; } = "anycast@localhost";
    public string FromName { get; set; } = "Anycast";

    public bool UsesSmtp => !string.IsNullOrWhiteSpace(SmtpHost);
}
