using Anycast.Core.Common;

namespace Anycast.Core.Accounts.SecondFactor;

/// <summary>A user's authenticator app (D07). The seed is sealed with the user's key and never exported.</summary>
public sealed class TotpDevice
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Credential)]
    public byte[] Seed { get; set; } = [];

    [Classified(DataClass.Access)]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Null until a first code proved that the app has the seed; then it is asked for at sign-in.</summary>
    [Classified(DataClass.Access)]
    public DateTimeOffset? EnabledAt { get; set; }

    /// <summary>The last time step a code was accepted for; only newer ones are.</summary>
    [Classified(DataClass.Technical)]
    public long LastStep { get; set; }
}

/// <summary>A recovery code that is left, as a hash; deleted when it is used.</summary>
public sealed class RecoveryCode
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Credential)]
    public string Hash { get; set; } = "";

    [Classified(DataClass.Access)]
    public DateTimeOffset CreatedAt { get; set; }
}
