using Anycast.Core.Common;

namespace Anycast.Core.Accounts;

/// <summary>What a mailed link is for.</summary>
public enum TokenPurpose
{
    ConfirmEmail = 1,
    ResetPassword = 2,
    ChangeEmail = 3,
    UndoEmailChange = 4,
}

/// <summary>
/// A mailed link's secret: stored hashed, used once, one live per user and purpose. Of those that undo a change of address there is one for each
/// change, of those that confirm an address one for each registration of it.
/// </summary>
public sealed class AccountToken
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Technical)]
    public TokenPurpose Purpose { get; set; }

    [Classified(DataClass.Credential)]
    public string Hash { get; set; } = "";

    /// <summary>The address a change of address is about: the new one, or the old one to go back to.</summary>
    [Classified(DataClass.Contact)]
    public string? Address { get; set; }

    /// <summary>
    /// What was typed at the registration that this link confirms. It becomes the account's when the link is used with the password of the same
    /// registration: whoever registers somebody else's address changes nothing for them.
    /// </summary>
    [Classified(DataClass.Contact)]
    public string? Name { get; set; }

    [Classified(DataClass.Credential)]
    public string? PasswordHash { get; set; }

    [Classified(DataClass.Preference)]
    public string? Language { get; set; }

    /// <summary>The version of the terms accepted with it, and from where.</summary>
    [Classified(DataClass.Consent)]
    public string? TermsVersion { get; set; }

    [Classified(DataClass.Connection)]
    public string? Ip { get; set; }

    /// <summary>From when on what was added to the account goes with the change of address that this link undoes; null: from the change on.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? Reach { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it was used: a used link opens nothing, but says that it has done its work when it is opened again.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? UsedAt { get; set; }
}
