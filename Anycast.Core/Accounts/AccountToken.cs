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

/// <summary>A mailed link's secret: stored hashed, used once, one live per user and purpose (of those that undo a change of address, one for each change).</summary>
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

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>When it was used: a used link opens nothing, but says that it has done its work when it is opened again.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? UsedAt { get; set; }
}
