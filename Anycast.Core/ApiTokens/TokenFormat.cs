using System.Security.Cryptography;
using System.Text;

namespace Anycast.Core.ApiTokens;

/// <summary>
/// <c>anycast_</c>, 43 random characters (256 bits), and a checksum of six: recognisable for secret scanners, and a typing error is refused without a
/// look at the database (T21). As a regular expression: <c>anycast_[0-9A-Za-z]{49}</c>.
/// </summary>
public static class TokenFormat
{
    public const string Prefix = "anycast_";
    public const string Pattern = "anycast_[0-9A-Za-z]{49}";

    private const int RandomLength = 43;
    private const int ChecksumLength = 6;
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string New()
    {
        var random = new string(RandomNumberGenerator.GetItems<char>(Base62, RandomLength));
        return Prefix + random + Checksum(random);
    }

    /// <summary>Whether it can be a token at all.</summary>
    public static bool IsWellFormed(string token) =>
        token.Length == Prefix.Length + RandomLength + ChecksumLength
        && token.StartsWith(Prefix, StringComparison.Ordinal)
        && Checksum(token[Prefix.Length..^ChecksumLength]) == token[^ChecksumLength..];

    private static string Checksum(string random)
    {
        var crc = Crc32(Encoding.ASCII.GetBytes(random));
        var text = new char[ChecksumLength];
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            text[i] = Base62[(int)(crc % 62)];
            crc /= 62;
        }

        return new string(text);
    }

    /// <summary>CRC-32 of ISO 3309, as GitHub's tokens have it.</summary>
    private static uint Crc32(byte[] bytes)
    {
        var crc = 0xffffffffu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xedb88320u & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }
}
