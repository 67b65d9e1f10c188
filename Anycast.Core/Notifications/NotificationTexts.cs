using System.Globalization;
using System.Net;
using System.Resources;
using Anycast.Core.Mail;

namespace Anycast.Core.Notifications;

/// <summary>Who gets a notification; read from the account by the caller, which stands above this feature.</summary>
public sealed record Recipient(Guid UserId, string Address, string Name, string? Language);

/// <summary>The sentences of notifications, in the reader's language.</summary>
public static class NotificationTexts
{
    private static readonly ResourceManager s_texts = new("Anycast.Core.Notifications.NotificationText", typeof(NotificationTexts).Assembly);

    /// <summary>What happened, in one line.</summary>
    public static string Title(string key, IReadOnlyList<string> args, CultureInfo culture) => Format(key + ".Title", args, culture);

    /// <summary>What it means and what to do.</summary>
    public static string Body(string key, IReadOnlyList<string> args, CultureInfo culture) => Format(key + ".Body", args, culture);

    internal static NewMail Mail(Recipient to, NewNotification what, Uri? link) => what.Type == NotificationType.Security
        ? Mail(to, what, link, MailClass.Transactional, "FooterSecurity")
        : Mail(to, what, link, MailClass.Notice, "Footer");

    private static NewMail Mail(Recipient to, NewNotification what, Uri? link, MailClass mailClass, string footerName)
    {
        var culture = CultureInfo.GetCultureInfo(to.Language ?? "en");
        var title = Title(what.Key, what.Args, culture);
        var body = Body(what.Key, what.Args, culture);
        var hello = string.Format(culture, Shared("Hello", culture), to.Name);
        var footer = Shared(footerName, culture);
        var anchor = link is null ? "" : $"""<p><a href="{WebUtility.HtmlEncode(link.ToString())}">{WebUtility.HtmlEncode(Shared("Button", culture))}</a></p>""";
        return new NewMail(
            mailClass,
            to.Address,
            to.Name,
            title,
            $"{hello}\n\n{body}\n\n{(link is null ? "" : link + "\n\n")}{footer}\n",
            $"""
            <!doctype html><html lang="{culture.TwoLetterISOLanguageName}"><body style="font-family:sans-serif;font-size:15px;line-height:1.5;color:#1c2430">
            <p>{WebUtility.HtmlEncode(hello)}</p><p>{WebUtility.HtmlEncode(body)}</p>{anchor}
            <p style="color:#5b6675">{WebUtility.HtmlEncode(footer)}</p></body></html>
            """,
            to.UserId == Guid.Empty ? null : to.UserId);
    }

    /// <summary>An invitation to an address that has no account yet: no preferences, and a link that holds the secret.</summary>
    internal static NewMail Invitation(Recipient to, NewNotification what, Uri link) => Mail(to, what with { Type = NotificationType.Teams }, link, MailClass.Transactional, "FooterInvitation");

    // One of each, with invented people and values.
    private static readonly NewNotification[] s_samples =
    [
        new(NotificationType.Security, "new_device", ["Firefox, Linux", "192.0.2.17"], "/me/sessions"),
        new(NotificationType.Tokens, "token_expiring", ["Nightly build", "2026-12-01"], "/me/tokens"),
        new(NotificationType.Teams, "invitation", ["Robin Example", "Platform", "@Member"], "/me/invitations"),
        new(NotificationType.Teams, "invitation_accepted", ["Robin Example", "Platform"], "/t/platform/members"),
        new(NotificationType.Teams, "invitation_declined", ["Robin Example", "Platform"], "/t/platform/members"),
        new(NotificationType.Teams, "role_changed", ["Platform", "@Admin", "Robin Example"], "/t/platform"),
        new(NotificationType.Teams, "ownership", ["Platform", "Robin Example"], "/t/platform"),
        new(NotificationType.Teams, "removed", ["Platform"], "/me/teams"),
        new(NotificationType.Teams, "team_deleted", ["@Admin", "Robin Example"], "/me/teams"),
        new(NotificationType.Clusters, "rights_exceed", ["Production", "secrets (get)"], "/t/platform/c/production/agent"),
        new(NotificationType.Clusters, "key_quarantined", ["Production"], "/t/platform/c/production/agent"),
    ];

    /// <summary>The mail of each notification with invented people and values, for the operators' preview.</summary>
    internal static IEnumerable<(string Name, NewMail Mail)> Samples(string language)
    {
        var root = new Uri("https://anycast.example.org");
        var to = new Recipient(Guid.Empty, "alex@example.org", "Alex Example", language);
        var stranger = s_samples.First(s => s.Key == "invitation");
        return s_samples.Select(s => (s.Key, Mail(to, s, new Uri(root, s.Link))))
            .Append(("invitation (no account)", Invitation(to with { Name = to.Address }, stranger, new Uri(root, "/me/invitations?token=example"))));
    }

    private static string Format(string name, IReadOnlyList<string> args, CultureInfo culture)
    {
        var format = s_texts.GetString(name, culture) ?? throw new MissingManifestResourceException(name);
        return string.Format(culture, format, [.. args.Select(a => a.StartsWith('@') ? s_texts.GetString("Word." + a[1..], culture) ?? a : a)]);
    }

    private static string Shared(string name, CultureInfo culture) => s_texts.GetString("Shared." + name, culture) ?? throw new MissingManifestResourceException(name);
}
