using System.Buffers;

namespace Anycast.Tunnel.Projection;

/// <summary>The detectors, by name: for the tests that switch each of them off and see what is missed.</summary>
internal enum Detector
{
    None = 0,
    LongHex,
    Entropy,
    EncodedText,
    RandomText,
    Prefix,
    Assignment,
    UserInfo,
    Scheme,
}

/// <summary>
/// Looks for what has the shape of a secret in a text that otherwise fits its leaf type. One hit withholds the whole value.
/// The defence is the allow-list of fields; these are the second line for values that people put where they don't belong.
/// </summary>
public static class Detectors
{
    /// <summary>Hex runs of this length are withheld everywhere but in digests, container ids and UUIDs.</summary>
    public const int LongHex = 32;

    /// <summary>Letter-and-digit runs of this length are measured for entropy.</summary>
    public const int EntropyRun = 20;

    /// <summary>Bits per character from which a run counts as random.</summary>
    public const double EntropyBits = 3.4;

    private static readonly byte[][] Prefixes = new[]
    {
        "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-", "xapp-",
        "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "sk-ant-", "sk-proj-", "sk-", "AIza", "ya29.", "hvs.", "hvb.", "hvr.", "npm_", "pypi-", "dckr_pat_", "dckr_oat_",
        "SG.", "shpat_", "shpss_", "dop_v1_", "doo_v1_", "lin_api_", "atlasv1.", "figd_", "hf_", "r8_", "tskey-", "AGE-SECRET-KEY-", "ops_", "eyJ",
    }.Select(p => System.Text.Encoding.ASCII.GetBytes(p)).ToArray();

    private static readonly SearchValues<byte> PrefixStarts = SearchValues.Create(Prefixes.Select(p => p[0]).Distinct().ToArray());

    private static readonly byte[][] SecretWords = new[] { "password", "passwd", "passphrase", "pwd", "token", "secret", "apikey", "api_key", "api-key", "accesskey", "access_key", "private_key", "privatekey", "credential", "credentials", "auth", "pass", "accountkey", "sharedaccesskey", "signature", "sig" }
        .Select(w => System.Text.Encoding.ASCII.GetBytes(w)).ToArray();

    /// <summary>True when a text of printable ASCII holds something that looks like a secret.</summary>
    public static bool Hit(ReadOnlySpan<byte> text) => Hit(text, Detector.None);

    /// <summary>As <see cref="Hit(ReadOnlySpan{byte})"/>, without one of the detectors.</summary>
    internal static bool Hit(ReadOnlySpan<byte> text, Detector without) =>
        text.Length >= 6 && (text.Length >= 12 && (HasRun(text, without) || without != Detector.Prefix && HasPrefix(text))
            || without != Detector.Assignment && HasAssignment(text) || without != Detector.UserInfo && HasUserInfo(text) || without != Detector.Scheme && HasScheme(text));

    /// <summary>As <see cref="Hit"/>, for an image reference: its digest, and a Git commit as its tag, are ids and no secrets.</summary>
    internal static bool HitImage(ReadOnlySpan<byte> image)
    {
        if (LeafGrammar.IsDigest(image))
        {
            return false;
        }

        var at = image.IndexOf((byte)'@');
        var reference = at >= 0 ? image[..at] : image;
        var tag = reference[(reference.LastIndexOf((byte)':') + 1)..];
        if (tag.Length == 40 && LeafGrammar.IsLowerHex(tag) && tag.Length < reference.Length)
        {
            reference = reference[..^41];
        }

        // "name:tag" is the grammar here, so the assignment rule would call "auth:1.2" a secret.
        return reference.Length >= 12 && (HasRun(reference, Detector.None) || HasPrefix(reference));
    }

    /// <summary>Long hex, random runs, and base64 that decodes to text.</summary>
    private static bool HasRun(ReadOnlySpan<byte> text, Detector without)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inside = i < text.Length && IsAlnum(text[i]);
            if (inside)
            {
                start = start < 0 ? i : start;
                continue;
            }

            if (start >= 0 && RunHit(text[start..i], without))
            {
                return true;
            }

            start = -1;
        }

        return HasBase64Run(text, without);
    }

    private static bool RunHit(ReadOnlySpan<byte> run, Detector without)
    {
        if (without != Detector.LongHex && run.Length >= LongHex && IsHex(run))
        {
            return true;
        }

        return without != Detector.Entropy && run.Length >= EntropyRun && Mixed(run) && Entropy(run) >= EntropyBits;
    }

    private static bool HasBase64Run(ReadOnlySpan<byte> text, Detector without)
    {
        // Runs of the base64 alphabets that are long, of three character classes, or decode to readable text.
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inside = i < text.Length && (IsAlnum(text[i]) || text[i] is (byte)'+' or (byte)'/' or (byte)'_' or (byte)'-' or (byte)'=');
            if (inside)
            {
                start = start < 0 ? i : start;
                continue;
            }

            if (start >= 0 && i - start >= 16 && (without != Detector.EncodedText && DecodesToText(text[start..i]) || without != Detector.RandomText && ThreeClasses(text[start..i])))
            {
                return true;
            }

            start = -1;
        }

        return false;
    }

    private static bool ThreeClasses(ReadOnlySpan<byte> run)
    {
        if (run.Length < 32)
        {
            return false;
        }

        int upper = 0, lower = 0, digit = 0;
        foreach (var b in run)
        {
            upper += b is >= (byte)'A' and <= (byte)'Z' ? 1 : 0;
            lower += b is >= (byte)'a' and <= (byte)'z' ? 1 : 0;
            digit += b is >= (byte)'0' and <= (byte)'9' ? 1 : 0;
        }

        return upper >= 5 && lower >= 5 && digit >= 1 && Entropy(run) >= 4.2;
    }

    private static bool DecodesToText(ReadOnlySpan<byte> run)
    {
        run = run.TrimEnd((byte)'=');
        if (run.Length is < 16 or > 4096 || run.IndexOfAny("-_"u8) >= 0 && run.IndexOfAny("+/"u8) >= 0)
        {
            return false;
        }

        Span<byte> padded = run.Length <= 508 ? stackalloc byte[512] : new byte[run.Length + 4];
        var length = 0;
        foreach (var b in run)
        {
            padded[length++] = b switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', _ => b };
        }

        while (length % 4 != 0)
        {
            padded[length++] = (byte)'=';
        }

        if (System.Buffers.Text.Base64.DecodeFromUtf8InPlace(padded[..length], out var written) != OperationStatus.Done || written < 12)
        {
            return false;
        }

        return padded[..written].IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e) < 0;
    }

    private static bool HasPrefix(ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length - 8; i++)
        {
            var next = text[i..].IndexOfAny(PrefixStarts);
            if (next < 0)
            {
                return false;
            }

            i += next;
            if (i > 0 && IsAlnum(text[i - 1]))
            {
                continue;
            }

            foreach (var prefix in Prefixes)
            {
                if (text[i..].StartsWith(prefix) && TokenTail(text[(i + prefix.Length)..]) >= (prefix.Length < 4 ? 20 : 10))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>How many characters of a token follow: letters and digits with the separators that tokens use, and at least one digit or capital.</summary>
    private static int TokenTail(ReadOnlySpan<byte> text)
    {
        int length = 0, marks = 0;
        foreach (var b in text)
        {
            if (!IsAlnum(b) && b is not ((byte)'_' or (byte)'-' or (byte)'.'))
            {
                break;
            }

            length++;
            marks += b is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z' ? 1 : 0;
        }

        return marks > 0 ? length : 0;
    }

    /// <summary><c>password=…</c>, <c>token: …</c> and the like.</summary>
    private static bool HasAssignment(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is not ((byte)'=' or (byte)':') || at + 1 >= text.Length)
            {
                continue;
            }

            var before = text[..at].TrimEnd((byte)' ');
            var value = text[(at + 1)..].TrimStart((byte)' ');
            if (value.Length < 3)
            {
                continue;
            }

            foreach (var word in SecretWords)
            {
                if (EndsWithIgnoreCase(before, word) && (word.Length > 4 || before.Length == word.Length || !IsAlnum(before[^(word.Length + 1)])))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary><c>scheme://user:password@host</c>.</summary>
    private static bool HasUserInfo(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOf((byte)'@');
        return at > 0 && text.IndexOf("//"u8) is var slashes && slashes >= 0 && slashes < at && text[(slashes + 2)..at].IndexOf((byte)'/') < 0;
    }

    private static bool HasScheme(ReadOnlySpan<byte> text) =>
        text.IndexOf("-----BEGIN"u8) >= 0 || text.IndexOf("PuTTY-User-Key"u8) >= 0
        || ContainsIgnoreCase(text, "bearer "u8) || ContainsIgnoreCase(text, "basic "u8) && text.IndexOf((byte)'=') >= 0
        || text.IndexOf("$2a$"u8) >= 0 || text.IndexOf("$2b$"u8) >= 0 || text.IndexOf("$2y$"u8) >= 0 || text.IndexOf("$argon2"u8) >= 0 || text.IndexOf("$apr1$"u8) >= 0;

    private static bool IsHex(ReadOnlySpan<byte> run)
    {
        foreach (var b in run)
        {
            if (b is not (>= (byte)'0' and <= (byte)'9' or >= (byte)'a' and <= (byte)'f' or >= (byte)'A' and <= (byte)'F'))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Mixed(ReadOnlySpan<byte> run)
    {
        bool digit = false, letter = false;
        foreach (var b in run)
        {
            var isDigit = b is >= (byte)'0' and <= (byte)'9';
            digit |= isDigit;
            letter |= !isDigit;
        }

        return digit && letter;
    }

    private static double Entropy(ReadOnlySpan<byte> run)
    {
        Span<int> counts = stackalloc int[128];
        counts.Clear();
        foreach (var b in run)
        {
            counts[b & 0x7f]++;
        }

        var bits = 0.0;
        foreach (var count in counts)
        {
            if (count > 0)
            {
                var share = (double)count / run.Length;
                bits -= share * Math.Log2(share);
            }
        }

        return bits;
    }

    private static bool EndsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) =>
        text.Length >= lower.Length && System.Text.Ascii.EqualsIgnoreCase(text[^lower.Length..], lower);

    private static bool ContainsIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower)
    {
        for (var i = 0; i + lower.Length <= text.Length; i++)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(text.Slice(i, lower.Length), lower))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAlnum(byte b) => b is >= (byte)'0' and <= (byte)'9' or >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z';
}
