using System.Security.Cryptography;
using System.Text;

namespace Anycast.Core.Common.Sealing;

/// <summary>AES-256-GCM with a random nonce. Layout: version (1) · nonce (12) · tag (16) · ciphertext.</summary>
public static class SealedBytes
{
    private const byte Version = 1;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    /// <summary>Encrypts; <paramref name="place"/> is authenticated, so that a ciphertext moved to another row, column or owner fails to open.</summary>
    public static byte[] Seal(byte[] key, ReadOnlySpan<byte> plain, string place)
    {
        var result = new byte[1 + NonceSize + TagSize + plain.Length];
        result[0] = Version;
        var nonce = result.AsSpan(1, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plain, result.AsSpan(1 + NonceSize + TagSize), result.AsSpan(1 + NonceSize, TagSize), Encoding.UTF8.GetBytes(place));
        return result;
    }

    /// <summary>Decrypts.</summary>
    /// <exception cref="CryptographicException">Wrong key, wrong place, or altered.</exception>
    public static byte[] Open(byte[] key, ReadOnlySpan<byte> sealedBytes, string place)
    {
        if (sealedBytes.Length < 1 + NonceSize + TagSize || sealedBytes[0] != Version)
        {
            throw new CryptographicException("Not a sealed value of a known version.");
        }

        var plain = new byte[sealedBytes.Length - 1 - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(
            sealedBytes.Slice(1, NonceSize),
            sealedBytes[(1 + NonceSize + TagSize)..],
            sealedBytes.Slice(1 + NonceSize, TagSize),
            plain,
            Encoding.UTF8.GetBytes(place));
        return plain;
    }
}
