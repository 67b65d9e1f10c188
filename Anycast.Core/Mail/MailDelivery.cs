using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Anycast.Core.Mail;

/// <summary>Hands one mail to the SMTP server, or to the pick-up folder when none is configured (T05).</summary>
public sealed class MailDelivery(IOptions<MailOptions> options, MailPickup pickup)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public async Task DeliverAsync(OutboxMail mail, CancellationToken ct)
    {
        using var message = Compose(mail);
        if (!options.Value.UsesSmtp)
        {
            await pickup.WriteAsync(mail.Id, mail.CreatedAt, message, ct);
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Timeout);
        using var client = new SmtpClient { Timeout = (int)Timeout.TotalMilliseconds };
        await client.ConnectAsync(options.Value.SmtpHost!, options.Value.SmtpPort, Security(options.Value.SmtpSecurity), limit.Token);
        if (!string.IsNullOrEmpty(options.Value.SmtpUser))
        {
            await client.AuthenticateAsync(options.Value.SmtpUser, options.Value.SmtpPassword ?? "", limit.Token);
        }

        await client.SendAsync(message, limit.Token);
        await client.DisconnectAsync(quit: true, limit.Token);
    }

    internal static SecureSocketOptions Security(string name) => name switch
    {
        "StartTls" => SecureSocketOptions.StartTls,
        "SslOnConnect" => SecureSocketOptions.SslOnConnect,
        "None" => SecureSocketOptions.None,
        _ => throw new InvalidOperationException("Anycast:Mail:SmtpSecurity must be StartTls, SslOnConnect or None."),
    };

    private MimeMessage Compose(OutboxMail mail)
    {
        // Addresses are built from parts, so that no text of a person can add a header or a recipient (T25).
        var message = new MimeMessage { Subject = mail.Subject.ReplaceLineEndings(" "), MessageId = mail.MessageId, Date = mail.CreatedAt };
        message.From.Add(new MailboxAddress(options.Value.FromName, options.Value.FromAddress));
        message.To.Add(new MailboxAddress(mail.ToName.ReplaceLineEndings(" "), mail.ToAddress));
        message.Body = new BodyBuilder { TextBody = mail.Text, HtmlBody = mail.Html }.ToMessageBody();
        return message;
    }
}
