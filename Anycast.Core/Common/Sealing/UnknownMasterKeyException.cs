using System.Security.Cryptography;

namespace Anycast.Core.Common.Sealing;

/// <summary>Something is wrapped by a master key that is not configured here. It stays as it is: with the key back, it is read again.</summary>
/// <param name="keyId">Id of the missing key; null where the record is older than ids and none of the configured keys opens it.</param>
public sealed class UnknownMasterKeyException(string? keyId) : CryptographicException(
    keyId is null
        ? "None of the configured master keys opens what is stored. Configure the key that wrapped it as Anycast:MasterKeysReadable."
        : $"The master key {keyId} is needed and is not among the configured ones. Configure it as Anycast:MasterKeysReadable.")
{
    public string? KeyId { get; } = keyId;
}
