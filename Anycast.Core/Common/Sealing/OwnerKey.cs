namespace Anycast.Core.Common.Sealing;

/// <summary>Whose key it is.</summary>
public enum KeyOwner
{
    User = 1,
    Team = 2,
}

/// <summary>The data key of one user or team, wrapped by the master key. Deleting the row destroys what it sealed.</summary>
public sealed class OwnerKey
{
    [Classified(DataClass.Technical)]
    public KeyOwner Owner { get; set; }

    [Classified(DataClass.Technical)]
    public Guid OwnerId { get; set; }

    /// <summary>Id of the master key that wrapped it; null in rows from before there could be several.</summary>
    [Classified(DataClass.Technical)]
    public string? KeyId { get; set; }

    [Classified(DataClass.Credential)]
    public byte[] WrappedKey { get; set; } = [];

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }
}
