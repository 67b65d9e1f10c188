using Anycast.Core.Common;

namespace Anycast.Core.Accounts.Passkeys;

/// <summary>
/// What the server asked an authenticator to sign. Bound to the browser that was asked by a secret in a short-lived cookie, used once, five
/// minutes.
/// </summary>
public sealed class PasskeyChallenge
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    /// <summary>Hash of the secret in the browser's cookie.</summary>
    [Classified(DataClass.Credential)]
    public string BrowserHash { get; set; } = "";

    /// <summary>What the check needs again: the challenge and whom it was for.</summary>
    [Classified(DataClass.Credential)]
    public string State { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset ExpiresAt { get; set; }
}
