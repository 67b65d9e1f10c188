using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Anycast.Core.Accounts.SecondFactor;

/// <summary>Time-based one-time passwords (RFC 6238): six digits, SHA-1, 30 seconds; what every authenticator app speaks.</summary>
public static class Totp
{
    public const int Digits = 6;
    public const int StepSeconds = 30;

    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>A new seed of 160 bits, the length RFC 4226 recommends.</summary>
    public static byte[] NewSeed() => RandomNumberGenerator.GetBytes(20);

    /// <summary>The time step an instant lies in.</summary>
    public static long StepAt(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of one step.</summary>
    public static string Code(byte[] seed, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[20];
#pragma warning disable CA5350 // RFC 6238's default; apps ignore any other algorithm in the URI.
        HMACSHA1.HashData(seed, counter, hash);
#pragma warning restore CA5350
        var offset = hash[^1] & 0x0f;
        var number = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash[offset..]) & 0x7fffffff;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The step a code belongs to, one step before and after now allowed for clocks that differ, but none that is not newer than
    /// <paramref name="lastUsed"/>: a code works once (T17). Null when it fits none.
    /// </summary>
    public static long? Match(byte[] seed, string code, DateTimeOffset now, long lastUsed)
    {
        var given = Encoding.ASCII.GetBytes(code);
        long? found = null;
        for (var step = StepAt(now) - 1; step <= StepAt(now) + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(given, Encoding.ASCII.GetBytes(Code(seed, step))) && step > lastUsed)
            {
                found ??= step;
            }
        }

        return found;
    }

    /// <summary>The seed as apps and people type it (RFC 4648 base32, no padding).</summary>
    public static string ToBase32(byte[] seed)
    {
        var text = new StringBuilder();
        int buffer = 0, bits = 0;
        foreach (var b in seed)
        {
            buffer = (buffer << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                text.Append(Base32Alphabet[(buffer >> (bits - 5)) & 31]);
                bits -= 5;
            }

            buffer &= (1 << bits) - 1;
        }

        if (bits > 0)
        {
            text.Append(Base32Alphabet[(buffer << (5 - bits)) & 31]);
        }

        return text.ToString();
    }

    /// <summary>The address a QR code holds (Key URI format of authenticator apps).</summary>
    public static string Uri(string issuer, string account, byte[] seed) =>
        $"otpauth://totp/{System.Uri.EscapeDataString(issuer)}:{System.Uri.EscapeDataString(account)}?secret={ToBase32(seed)}&issuer={System.Uri.EscapeDataString(issuer)}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";
}
