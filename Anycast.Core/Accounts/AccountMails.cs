using System.Globalization;
using System.Net;
using System.Resources;
using Anycast.Core.Mail;

namespace Anycast.Core.Accounts;

/// <summary>The mails of accounts, in the reader's language, as text and HTML.</summary>
internal static class AccountMails
{
    private static readonly ResourceManager s_texts = new("Anycast.Core.Accounts.AccountMailText", typeof(AccountMails).Assembly);

    public static NewMail Confirm(User user, Uri link) => Compose("Confirm", user, link);

    public static NewMail AlreadyRegistered(User user, Uri link) => Compose("AlreadyRegistered", user, link);

    public static NewMail Reset(User user, Uri link) => Compose("Reset", user, link);

    public static NewMail PasswordChanged(User user, Uri link) => Compose("PasswordChanged", user, link);

    public static NewMail SecondFactorOn(User user, Uri link) => Compose("SecondFactorOn", user, link);

    public static NewMail SecondFactorOff(User user, Uri link) => Compose("SecondFactorOff", user, link);

    public static NewMail PasskeyAdded(User user, Uri link, string name) => Compose("PasskeyAdded", user, link, args: name);

    public static NewMail PasskeyRemoved(User user, Uri link, string name) => Compose("PasskeyRemoved", user, link, args: name);

    public static NewMail Pin(User user, Uri link, string pin) => Compose("Pin", user, link, args: pin);

    /// <summary>To the new address: confirm it.</summary>
    public static NewMail ConfirmNewAddress(User user, string address, Uri link) => Compose("ConfirmNewAddress", user, link, address, address);

    /// <summary>To the old address: what is about to happen, and the link that stops or undoes it.</summary>
    public static NewMail AddressChanging(User user, string newAddress, Uri undo) => Compose("AddressChanging", user, undo, args: newAddress);

    /// <summary>To the address that is the account's again.</summary>
    public static NewMail AddressRestored(User user, Uri link) => Compose("AddressRestored", user, link);

    /// <summary>To an address that somebody wanted for another account.</summary>
    public static NewMail AddressTaken(User user, Uri link) => Compose("AddressTaken", user, link);

    /// <summary>Each of these mails with invented people and values, for the operators' preview.</summary>
    internal static IEnumerable<(string Name, NewMail Mail)> Samples(string language)
    {
        var user = new User { Name = "Alex Example", Email = "alex@example.org", Language = language };
        var link = new Uri("https://anycast.example.org/account/example?token=example");
        yield return (nameof(Confirm), Confirm(user, link));
        yield return (nameof(AlreadyRegistered), AlreadyRegistered(user, link));
        yield return (nameof(Reset), Reset(user, link));
        yield return (nameof(PasswordChanged), PasswordChanged(user, link));
        yield return (nameof(SecondFactorOn), SecondFactorOn(user, link));
        yield return (nameof(SecondFactorOff), SecondFactorOff(user, link));
        yield return (nameof(PasskeyAdded), PasskeyAdded(user, link, "Laptop"));
        yield return (nameof(PasskeyRemoved), PasskeyRemoved(user, link, "Laptop"));
        yield return (nameof(Pin), Pin(user, link, "123456"));
        yield return (nameof(ConfirmNewAddress), ConfirmNewAddress(user, "alex.new@example.org", link));
        yield return (nameof(AddressChanging), AddressChanging(user, "alex.new@example.org", link));
        yield return (nameof(AddressRestored), AddressRestored(user, link));
        yield return (nameof(AddressTaken), AddressTaken(user, link));
    }

    private static NewMail Compose(string kind, User user, Uri link, string? to = null, params object[] args)
    {
        var culture = CultureInfo.GetCultureInfo(user.Language ?? "en");
        string Text(string part) => s_texts.GetString($"{kind}.{part}", culture) ?? throw new MissingManifestResourceException($"{kind}.{part}");
        string Shared(string part) => s_texts.GetString($"Shared.{part}", culture) ?? throw new MissingManifestResourceException(part);

        var hello = string.Format(culture, Shared("Hello"), user.Name);
        var body = string.Format(culture, Text("Body"), args);
        var text = $"{hello}\n\n{body}\n\n{link}\n\n{Shared("Footer")}\n";
        var html = $"""
            <!doctype html><html lang="{culture.TwoLetterISOLanguageName}"><body style="font-family:sans-serif;font-size:15px;line-height:1.5;color:#1c2430">
            <p>{WebUtility.HtmlEncode(hello)}</p><p>{WebUtility.HtmlEncode(body)}</p>
            <p><a href="{WebUtility.HtmlEncode(link.ToString())}">{WebUtility.HtmlEncode(Text("Button"))}</a></p>
            <p style="color:#5b6675">{WebUtility.HtmlEncode(Shared("Footer"))}</p></body></html>
            """;
        return new NewMail(MailClass.Transactional, to ?? user.Email!, user.Name, string.Format(culture, Text("Subject"), args), text, html, user.Id);
    }
}
