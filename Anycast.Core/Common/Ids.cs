using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Anycast.Core.Common;

/// <summary>Identifiers and secrets made here.</summary>
public static class Ids
{
    /// <summary>A row id: UUID version 7, so that keys grow with time and pages of an index stay warm.</summary>
    public static Guid New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow());

    /// <summary>A secret of 256 random bits in base64url.</summary>
    public static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>How a random secret (256 bits) is stored: SHA-256, hex. Enough, since it cannot be guessed (ASVS 6.5.2).</summary>
    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Compares a presented secret with a stored hash in constant time.</summary>
    public static bool HashEquals(string secret, string hash) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash(secret)), Encoding.ASCII.GetBytes(hash));

    /// <summary>A slug of a name for URLs: lower-case letters, digits and hyphens, at most 40 characters; <paramref name="fallback"/> when nothing is left.</summary>
    public static string Slug(string name, string fallback)
    {
        var text = new StringBuilder();
        foreach (var c in name.Replace("ä", "ae").Replace("ö", "oe").Replace("ü", "ue").Replace("ß", "ss").Normalize(NormalizationForm.FormD))
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                text.Append(char.ToLowerInvariant(c));
            }
            else if (char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.NonSpacingMark && text.Length > 0 && text[^1] != '-')
            {
                text.Append('-');
            }
        }

        var slug = text.ToString().Trim('-');
        slug = slug.Length > 40 ? slug[..40].Trim('-') : slug;
        return slug.Length == 0 ? fallback : slug;
    }
}
