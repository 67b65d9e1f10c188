using Anycast.Core.Common;

namespace Anycast.Core.Accounts.SignIn;

/// <summary>What an attempt waits for.</summary>
public enum AttemptKind
{
    /// <summary>The password (or PIN) was right; the second factor is still to come.</summary>
    SecondFactor = 1,

    /// <summary>A PIN was mailed.</summary>
    Pin = 2,
}

/// <summary>
/// A sign-in that has begun and waits for a code. Bound to the browser that began it by a secret in a short-lived cookie, one live per user
/// and kind, ten minutes, five tries, deleted at once after use (K06).
/// </summary>
public sealed class SignInAttempt
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Technical)]
    public AttemptKind Kind { get; set; }

    /// <summary>Hash of the secret in the browser's cookie.</summary>
    [Classified(DataClass.Credential)]
    public string BrowserHash { get; set; } = "";

    /// <summary>Keyed hash of the mailed PIN; empty for other kinds.</summary>
    [Classified(DataClass.Credential)]
    public string CodeHash { get; set; } = "";

    [Classified(DataClass.Technical)]
    public DateTimeOffset ExpiresAt { get; set; }

    [Classified(DataClass.Technical)]
    public int Tries { get; set; }
}
