using Anycast.Core.Common;
using Anycast.Core.Data;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Anycast.Core.Mail;

/// <summary>A mail in the pick-up folder.</summary>
public sealed record PickedMail(Guid Id, DateTimeOffset At, string To, string Subject, string Text);

/// <summary>The folder that mail lies in until SMTP is configured; operators read it at <c>/operator/mail</c>.</summary>
public sealed class MailPickup(DataOptions data, IOptions<MailOptions> options)
{
    private const int Listed = 200;

    private string Directory => Path.Combine(data.Directory, "mail");

    /// <summary>Whether mail goes here at all.</summary>
    public bool IsUsed => !options.Value.UsesSmtp;

    /// <summary>The newest mails, at most 200. Operators read them by <c>MailDesk</c>, which asks who they are.</summary>
    internal async Task<IReadOnlyList<PickedMail>> ListAsync(CancellationToken ct)
    {
        var result = new List<PickedMail>();
        if (!System.IO.Directory.Exists(Directory))
        {
            return result;
        }

        foreach (var file in new DirectoryInfo(Directory).GetFiles("*.eml").OrderByDescending(f => f.Name, StringComparer.Ordinal).Take(Listed))
        {
            if (Guid.TryParse(file.Name[(file.Name.IndexOf('-') + 1)..^4], out var id))
            {
                using var message = await MimeMessage.LoadAsync(file.FullName, ct);
                result.Add(new PickedMail(id, message.Date, message.To.ToString(), message.Subject ?? "", message.TextBody ?? ""));
            }
        }

        return result;
    }

    internal async Task WriteAsync(Guid id, DateTimeOffset at, MimeMessage message, CancellationToken ct)
    {
        System.IO.Directory.CreateDirectory(Directory);
        var path = Path.Combine(Directory, $"{at.UtcTicks:D19}-{id:N}.eml");

        // Moved into place whole: a reader, or a second try after a crash, never sees half a mail.
        var temporary = path + ".part";
        await message.WriteToAsync(temporary, ct);
        File.Move(temporary, path, overwrite: true);
    }
}
