using System.Text.RegularExpressions;
using Anycast.Core.Common;
using MimeKit;

namespace Anycast.Core.Accounts;

/// <summary>What names, addresses and passwords must be, the same for every way in.</summary>
public static partial class AccountRules
{
    public const int NameMaxLength = 80;
    public const int EmailMaxLength = 254;

    // What people build from the product's name, and of keys that lie beside each other; the long list is in CommonPasswords.
    private static readonly string[] s_ours =
    [
        "anycastanycast", "kubernetes123", "kuberneteskubernetes", "qwertyuiop12", "1q2w3e4r5t6y", "q1w2e3r4t5y6", "zaq12wsxcde3", "willkommen123", "passwort1234", "passwort12345", "correcthorsebatterystaple",
        "123456789012", "1234567890123", "12345678901234", "abcdefghijkl", "abcdefghijklm", "qazwsxedcrfv",
    ];

    /// <summary>Checks a name.</summary>
    public static Failure? CheckName(string name) =>
        string.IsNullOrWhiteSpace(name) ? new Failure(FailureKind.Invalid, "accounts.name_missing")
        : name.Trim().Length > NameMaxLength || name.Any(char.IsControl) ? new Failure(FailureKind.Invalid, "accounts.name_invalid", NameMaxLength)
        : null;

    /// <summary>Checks a mail address by a strict grammar: one address, no display name, no quoted local part (T25).</summary>
    public static Failure? CheckEmail(string email) =>
        email.Length <= EmailMaxLength && !email.Contains('"') && !email.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
        && MailboxAddress.TryParse(email, out var parsed) && parsed.Address == email && email.IndexOf('@') is > 0 and var at && at < email.Length - 1
            ? null
            : new Failure(FailureKind.Invalid, "accounts.email_invalid");

    /// <summary>Checks a password: length in characters a person sees, and the blocklist; no composition rules (NIST SP 800-63B).</summary>
    public static Failure? CheckPassword(string password, string email, string name, int shortest = AccountsOptions.PasswordMinLength)
    {
        var length = Length(password);
        if (length < shortest)
        {
            return new Failure(FailureKind.Invalid, "accounts.password_short", shortest);
        }

        if (password.Length > AccountsOptions.PasswordMaxLength)
        {
            return new Failure(FailureKind.Invalid, "accounts.password_long", AccountsOptions.PasswordMaxLength);
        }

        var lower = password.ToLowerInvariant();
        var isCommon = s_ours.Contains(lower) || CommonPasswords.Contains(lower)
            || lower.Distinct().Count() <= 3
            || password.Trim().Equals(email, StringComparison.OrdinalIgnoreCase)
            || AddressPattern().IsMatch(lower) // Anybody's: it stands in every list of addresses.
            || (email.Length > 0 && password.Contains(email.Split('@')[0], StringComparison.OrdinalIgnoreCase) && email.Split('@')[0].Length >= 6 && length < 20)
            || (name.Trim().Length >= 6 && lower.Replace(" ", "") == name.ToLowerInvariant().Replace(" ", ""));
        return isCommon ? new Failure(FailureKind.Invalid, "accounts.password_common") : null;
    }

    /// <summary>The least length of an account's password: less where a second factor stands beside it (DESIGN promise 7).</summary>
    internal static int ShortestFor(User user) => user.TwoFactorEnabled ? AccountsOptions.PasswordMinLengthWithSecondFactor : AccountsOptions.PasswordMinLength;

    /// <summary>Whether a password is too short to stand alone.</summary>
    internal static bool IsShort(string password) => Length(password) < AccountsOptions.PasswordMinLength;

    /// <summary>Why the last second factor may not go: what would be left is a password too short to stand alone.</summary>
    internal static Failure? CheckStandsAlone(User user) =>
        user.HasShortPassword ? new Failure(FailureKind.Conflict, "accounts.password_too_short_alone", AccountsOptions.PasswordMinLength) : null;

    [GeneratedRegex(@"^\s*[\p{L}\d._+-]+@[\p{L}\d-]+(\.[\p{L}\d-]+)*\.\p{L}{2,}\s*$")]
    private static partial Regex AddressPattern();

    private static int Length(string password) => new System.Globalization.StringInfo(password).LengthInTextElements;
}
