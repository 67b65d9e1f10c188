using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Mail;
using Anycast.Core.Notifications;

namespace Anycast.Core.Operators;

/// <summary>A mail as it would look, with invented people and values.</summary>
/// <param name="Name">Which template.</param>
/// <param name="Class">What may stop it.</param>
public sealed record MailPreview(string Name, MailClass Class, string Subject, string Text, string Html);

/// <summary>The operators' view of mail: what lies in the pick-up folder, and how each mail of the product looks.</summary>
public sealed class MailDesk(OperatorAccess access, MailPickup pickup)
{
    /// <summary>The mails in the pick-up folder, the newest first, at most 200.</summary>
    public async Task<Outcome<IReadOnlyList<PickedMail>>> ListAsync(Actor actor, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        return new List<PickedMail>(await pickup.ListAsync(ct));
    }

    /// <summary>Every template in a language, by name. Nothing in it is of a real person.</summary>
    public async Task<Outcome<IReadOnlyList<MailPreview>>> PreviewAsync(Actor actor, string language, CancellationToken ct)
    {
        if (await access.RequireAsync(actor, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        return new List<MailPreview>(AccountMails.Samples(language).Concat(NotificationTexts.Samples(language))
            .Select(s => new MailPreview(s.Name, s.Mail.Class, s.Mail.Subject, s.Mail.Text, s.Mail.Html))
            .OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase));
    }
}
