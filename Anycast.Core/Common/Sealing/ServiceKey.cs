namespace Anycast.Core.Common.Sealing;

/// <summary>A key of the service's own for one purpose, wrapped by the master key: so the master key can change and this one stays.</summary>
public sealed class ServiceKey
{
    [Classified(DataClass.Technical)]
    public string Purpose { get; set; } = "";

    /// <summary>Id of the master key that wrapped it.</summary>
    [Classified(DataClass.Technical)]
    public string KeyId { get; set; } = "";

    [Classified(DataClass.Credential)]
    public byte[] WrappedKey { get; set; } = [];

    [Classified(DataClass.Technical)]
    public DateTimeOffset CreatedAt { get; set; }
}
