using System.Globalization;
using System.Net;
using System.Resources;
using Anycast.Core.Mail;

namespace Anycast.Core.Accounts;

/// <summary>The mails of accounts, in the reader's language, as text and HTML.</summary>
internal static class AccountMails
{
    private const int MostNamed = 12;
    private static readonly ResourceManager s_texts = new("Anycast.Core.Accounts.AccountMailText", typeof(AccountMails).Assembly);

    /// <summary>
    /// To the address that registered. Says by which name and when, since it need not have been its owner; <paramref name="account"/> is the account's
    /// id, <paramref name="registered"/> what was typed.
    /// </summary>
    public static NewMail Confirm(User registered, Guid account, DateTimeOffset at, Uri link) =>
        Compose("Confirm", registered, link, args: [registered.Name, at.UtcDateTime]) with { UserId = account };

    public static NewMail AlreadyRegistered(User user, Uri link) => Compose("AlreadyRegistered", user, link);

    public static NewMail Reset(User user, Uri link) => Compose("Reset", user, link);

    /// <summary>A new password; what lets in beside it is named, for its owner to see what is not theirs.</summary>
    public static NewMail PasswordChanged(User user, Uri link, WaysIn left, Uri security) => Compose("PasswordChanged", user, link, args: Sentence("Ways.Left", user, left, security));

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
    public static NewMail AddressRestored(User user, Uri link, WaysIn ended, WaysIn left, Uri security) =>
        Compose("AddressRestored", user, link, args: [Sentence("Ways.Ended", user, ended, security), Sentence("Ways.Left", user, left, security)]);

    /// <summary>To an address that somebody wanted for another account.</summary>
    public static NewMail AddressTaken(User user, Uri link) => Compose("AddressTaken", user, link);

    /// <summary>Each of these mails with invented people and values, for the operators' preview.</summary>
    internal static IEnumerable<(string Name, NewMail Mail)> Samples(string language)
    {
        var user = new User { Name = "Alex Example", Email = "alex@example.org", Language = language };
        var link = new Uri("https://anycast.example.org/account/example?token=example");
        var security = new Uri("https://anycast.example.org/me/security");
        var ways = new WaysIn(["Laptop"], false, 8, ["Nightly build"]);
        yield return (nameof(Confirm), Confirm(user, user.Id, new DateTimeOffset(2026, 11, 26, 9, 30, 0, TimeSpan.Zero), link));
        yield return (nameof(AlreadyRegistered), AlreadyRegistered(user, link));
        yield return (nameof(Reset), Reset(user, link));
        yield return (nameof(PasswordChanged), PasswordChanged(user, link, ways, security));
        yield return (nameof(SecondFactorOn), SecondFactorOn(user, link));
        yield return (nameof(SecondFactorOff), SecondFactorOff(user, link));
        yield return (nameof(PasskeyAdded), PasskeyAdded(user, link, "Laptop"));
        yield return (nameof(PasskeyRemoved), PasskeyRemoved(user, link, "Laptop"));
        yield return (nameof(Pin), Pin(user, link, "123456"));
        yield return (nameof(ConfirmNewAddress), ConfirmNewAddress(user, "alex.new@example.org", link));
        yield return (nameof(AddressChanging), AddressChanging(user, "alex.new@example.org", link));
        yield return (nameof(AddressRestored), AddressRestored(user, link, new WaysIn(["Phone"], true, 10, []), ways, security));
        yield return (nameof(AddressTaken), AddressTaken(user, link));
    }

    /// <summary>A sentence that lists ways in, with a space before it; empty when there are none.</summary>
    private static string Sentence(string kind, User user, WaysIn ways, Uri security)
    {
        var culture = CultureInfo.GetCultureInfo(user.Language ?? "en");
        string Text(string name, params object[] args) => string.Format(culture, s_texts.GetString(name, culture) ?? throw new MissingManifestResourceException(name), args);

        List<string> all = [.. ways.Passkeys.Select(n => Text("Ways.Passkey", n))];
        if (ways.HasApp)
        {
            all.Add(Text("Ways.App"));
        }

        if (ways.RecoveryCodes > 0)
        {
            all.Add(Text("Ways.Codes", ways.RecoveryCodes));
        }

        all.AddRange(ways.Tokens.Select(n => Text("Ways.Token", n)));
        if (all.Count > MostNamed)
        {
            all = [.. all.Take(MostNamed), Text("Ways.More", all.Count - MostNamed)];
        }

        return all.Count == 0 ? "" : " " + Text(kind, string.Join(", ", all), security);
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
