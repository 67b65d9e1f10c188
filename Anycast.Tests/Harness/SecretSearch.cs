using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Anycast.Tests.Harness;

/// <summary>
/// Looks for texts in bytes, however they may stand there: as they are, in another case, in base64 (at each of its three offsets) or base64url, in hex,
/// percent-encoded, as JSON escapes, in UTF-16; and the same in what is compressed there (gzip, zlib, zip), or base64 of it.
/// </summary>
public sealed partial class SecretSearch
{
    private const int MostUnpacked = 64 * 1024 * 1024;
    private const int Depth = 3;
    private readonly List<(string Secret, string How, byte[] Pattern, bool Folded)> _patterns = [];

    /// <param name="secrets">At least four characters each: shorter ones are found everywhere.</param>
    public SecretSearch(params IEnumerable<string> secrets)
    {
        foreach (var secret in secrets.Distinct(StringComparer.Ordinal))
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, 4, nameof(secrets));
            Add(secret);
        }
    }

    /// <summary>Whether the bytes hold any of them.</summary>
    public bool IsIn(byte[] bytes) => Find(bytes).Count > 0;

    /// <summary>What was found, and how it stood there: at most one line for each secret and encoding.</summary>
    /// <param name="unpack">Whether to look into what is compressed there; too much work for hundreds of megabytes.</param>
    public IReadOnlyList<string> Find(byte[] bytes, bool unpack = true)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        Find(bytes, "", unpack ? Depth : 0, found);
        return [.. found];
    }

    /// <inheritdoc cref="Find(byte[], bool)"/>
    public IReadOnlyList<string> Find(string text) => Find(Encoding.UTF8.GetBytes(text));

    private void Add(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        void Folded(string how, string pattern) => _patterns.Add((secret, how, Encoding.Latin1.GetBytes(Fold(pattern)), true));
        void Exact(string how, byte[] pattern) => _patterns.Add((secret, how, pattern, false));

        _patterns.Add((secret, "raw", Fold(bytes), true));
        Folded("hex", Convert.ToHexString(bytes));
        Folded("percent", string.Concat(bytes.Select(b => $"%{b:x2}")));
        Folded("JSON escapes", string.Concat(secret.Select(c => $"\\u{(int)c:x4}")));
        _patterns.Add((secret, "UTF-16", Fold(Encoding.Unicode.GetBytes(secret)), true));
        _patterns.Add((secret, "UTF-16, big end first", Fold(Encoding.BigEndianUnicode.GetBytes(secret)), true));
        if (Uri.EscapeDataString(secret) is var escaped && escaped != secret)
        {
            Folded("URL", escaped);
        }

        for (var offset = 0; offset < 3; offset++)
        {
            // Only the characters that the secret alone decides.
            var all = Convert.ToBase64String([.. new byte[offset], .. bytes, 0, 0]);
            var from = (offset * 8 + 5) / 6;
            var to = (offset + bytes.Length) * 8 / 6;
            var part = all[from..to];
            Exact($"base64 +{offset}", Encoding.ASCII.GetBytes(part));
            if (part.AsSpan().IndexOfAny('+', '/') >= 0)
            {
                Exact($"base64url +{offset}", Encoding.ASCII.GetBytes(part.Replace('+', '-').Replace('/', '_')));
            }
        }
    }

    private void Find(byte[] bytes, string within, int depth, SortedSet<string> found)
    {
        var folded = Fold(bytes);
        foreach (var (secret, how, pattern, isFolded) in _patterns)
        {
            if ((isFolded ? folded : bytes).AsSpan().IndexOf(pattern) >= 0)
            {
                found.Add($"{secret} ({how}{within})");
            }
        }

        if (depth == 0)
        {
            return;
        }

        foreach (var (kind, unpacked) in Unpacked(bytes))
        {
            Find(unpacked, $"{within}, in {kind}", depth - 1, found);
        }
    }

    /// <summary>What is compressed in the bytes, and what long runs of base64 stand for.</summary>
    private static IEnumerable<(string Kind, byte[] Bytes)> Unpacked(byte[] bytes)
    {
        for (var at = 0; at < bytes.Length - 4; at++)
        {
            var (kind, from) = (bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]) switch
            {
                (0x1f, 0x8b, 0x08, _) => ("gzip", at),
                (0x78, 0x01 or 0x5e or 0x9c or 0xda, _, _) => ("zlib", at),
                ((byte)'P', (byte)'K', 3, 4) when at + 30 < bytes.Length && bytes[at + 8] == 8 => ("zip", at + 30 + bytes[at + 26] + (bytes[at + 27] << 8) + bytes[at + 28] + (bytes[at + 29] << 8)),
                _ => ("", 0),
            };
            if (kind.Length > 0 && from < bytes.Length && Inflate(kind, bytes, from) is { Length: > 0 } unpacked)
            {
                yield return (kind, unpacked);
            }
        }

        foreach (Match match in LongBase64().Matches(Encoding.Latin1.GetString(bytes)))
        {
            var text = match.Value.Replace('-', '+').Replace('_', '/').TrimEnd('=');
            var decoded = new byte[text.Length];
            if (Convert.TryFromBase64String(text[..(text.Length / 4 * 4)], decoded, out var length) && length > 3)
            {
                yield return ("base64", decoded[..length]);
            }
        }
    }

    private static byte[] Inflate(string kind, byte[] bytes, int from)
    {
        using var source = new MemoryStream(bytes, from, bytes.Length - from, writable: false);
        using Stream inflating = kind switch
        {
            "gzip" => new GZipStream(source, CompressionMode.Decompress),
            "zlib" => new ZLibStream(source, CompressionMode.Decompress),
            _ => new DeflateStream(source, CompressionMode.Decompress),
        };
        using var unpacked = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            int read;
            while (unpacked.Length < MostUnpacked && (read = inflating.Read(buffer)) > 0)
            {
                unpacked.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The magic bytes were chance, or the rest is cut off: what came out counts.
        }

        return unpacked.ToArray();
    }

    private static string Fold(string text) => text.ToLowerInvariant();

    private static byte[] Fold(byte[] bytes)
    {
        var folded = new byte[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            folded[i] = bytes[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(bytes[i] | 0x20) : bytes[i];
        }

        return folded;
    }

    [GeneratedRegex("[A-Za-z0-9+/_-]{48,}={0,2}")]
    private static partial Regex LongBase64();
}
