using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The grammar of each leaf type, over printable ASCII. The empty string fits every text type.
/// Anything outside printable ASCII fits nothing, which is stricter than normalising it: look-alikes, invisible and
/// direction characters never arrive.
/// </summary>
public static class LeafGrammar
{
    private const string Alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<byte> AlnumBytes = Bytes(Alnum);
    private static readonly SearchValues<byte> NameBytes = Bytes(Alnum + "._:/-");
    private static readonly SearchValues<byte> VersionBytes = Bytes(Alnum + "._:/-+~");
    private static readonly SearchValues<byte> HostBytes = Bytes(Alnum + ".-*:_");
    private static readonly SearchValues<byte> PathBytes = Bytes(Alnum + "._:/-~+@*()|^$,");
    private static readonly SearchValues<byte> ImageBytes = Bytes(Alnum + "._:/-@");
    private static readonly SearchValues<byte> FieldPathBytes = Bytes(Alnum + "._/-{}[]'");
    private static readonly SearchValues<byte> PlainBytes = Bytes(Alnum + " ._:/()+,-");
    private static readonly SearchValues<byte> ContinueBytes = Bytes(Alnum + "-_=+/.");
    private static readonly SearchValues<byte> CronBytes = Bytes(Alnum + " */,-?@");
    private static readonly SearchValues<byte> LowerBytes = Bytes("abcdefghijklmnopqrstuvwxyz");
    private static readonly SearchValues<byte> Argv0Bytes = Bytes("abcdefghijklmnopqrstuvwxyz0123456789._-");
    private static readonly SearchValues<byte> HexBytes = Bytes("0123456789abcdef");
    private static readonly SearchValues<byte> QuantitySuffixBytes = Bytes("mkKMGTPEinu");
    private static readonly SearchValues<byte> IpBytes = Bytes("0123456789abcdefABCDEF.:");

    /// <summary>Whether a text fits a type. Maps, lists and <see cref="LeafType.Msg"/> are no texts and never fit.</summary>
    public static bool Fits(LeafType type, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return type is not (LeafType.Int or LeafType.Bool or LeafType.Time or LeafType.Quantity or LeafType.IntStr or LeafType.Present);
        }

        return type switch
        {
            LeafType.Name => text.Length <= 253 && All(text, NameBytes),
            LeafType.Enum => text.Length <= 64 && IsLetter(text[0]) && All(text, AlnumBytes),
            LeafType.EnumLower => text.Length <= 32 && All(text, LowerBytes),
            LeafType.Int => IsInteger(text),
            LeafType.Bool => text.SequenceEqual("true"u8) || text.SequenceEqual("false"u8),
            LeafType.Time => IsTime(text),
            LeafType.Quantity => IsQuantity(text),
            LeafType.Ip => IsIp(text) || text.SequenceEqual("None"u8),
            LeafType.Cidr => IsCidr(text),
            LeafType.Port => IsPort(text),
            LeafType.IntStr => IsInteger(text) || (text[^1] == '%' && IsInteger(text[..^1])),
            LeafType.Host => text.Length <= 253 && All(text, HostBytes) && (text.IndexOf((byte)':') < 0 || IsIp(text)),
            LeafType.Path => text.Length <= 256 && All(text, PathBytes),
            LeafType.Image => IsImage(text),
            LeafType.Uuid => IsUuid(text) || IsDigits(text, 20),
            LeafType.ContainerId => IsContainerId(text),
            LeafType.Version => text.Length <= 128 && All(text, VersionBytes),
            LeafType.Cron => IsCron(text),
            LeafType.FieldPath => text.Length <= 253 && All(text, FieldPathBytes),
            LeafType.Plain => text.Length <= 128 && All(text, PlainBytes),
            LeafType.Continue => text.Length <= 4096 && All(text, ContinueBytes),
            _ => false,
        };
    }

    /// <summary>Whether the detectors look at this type; the other grammars leave no room for a secret, or are ids by their shape.</summary>
    internal static bool NeedsDetectors(LeafType type) => type is LeafType.Name or LeafType.Enum or LeafType.Host or LeafType.Path
        or LeafType.Image or LeafType.FieldPath or LeafType.Plain or LeafType.Version or LeafType.EnumLower;

    /// <summary>Kubernetes' qualified name: an optional DNS prefix and a name of at most 63 characters.</summary>
    internal static bool IsQualifiedName(ReadOnlySpan<byte> text)
    {
        var slash = text.IndexOf((byte)'/');
        var name = text[(slash + 1)..];
        return name.Length is > 0 and <= 63 && slash != 0 && slash <= 253 && All(text, NameBytes) && name.IndexOfAny((byte)'/', (byte)':') < 0
            && IsAlnum(name[0]) && IsAlnum(name[^1]);
    }

    /// <summary>The base name of a command, when it is a plain word.</summary>
    internal static bool TryArgv0(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> baseName)
    {
        baseName = text[(text.LastIndexOf((byte)'/') + 1)..];
        return baseName.Length is > 0 and <= 40 && All(baseName, Argv0Bytes);
    }

    internal static bool IsLowerHex(ReadOnlySpan<byte> text) => All(text, HexBytes);

    /// <summary>Kubernetes' resource.Quantity grammar (apimachinery, quantity.go): signed number, then a suffix or an exponent.</summary>
    internal static bool IsQuantity(ReadOnlySpan<byte> text)
    {
        if (text.Length > 32)
        {
            return false;
        }

        var at = text[0] is (byte)'+' or (byte)'-' ? 1 : 0;
        var start = at;
        var dot = false;
        while (at < text.Length && (IsDigit(text[at]) || (text[at] == '.' && !dot)))
        {
            dot |= text[at] == '.';
            at++;
        }

        var suffix = text[at..];
        if (at == start || (at == start + 1 && dot))
        {
            return false;
        }

        return suffix.IsEmpty
            || (suffix.Length <= 2 && All(suffix, QuantitySuffixBytes) && (suffix.Length == 1 ? suffix[0] != 'i' : suffix[1] == 'i'))
            || (suffix[0] is (byte)'e' or (byte)'E' && suffix.Length <= 4 && IsInteger(suffix[1..]));
    }

    private static bool IsInteger(ReadOnlySpan<byte> text) =>
        text.Length > 0 && IsDigits(text[0] == '-' ? text[1..] : text, 20);

    private static bool IsDigits(ReadOnlySpan<byte> text, int most) =>
        text.Length > 0 && text.Length <= most && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static bool IsTime(ReadOnlySpan<byte> text)
    {
        // RFC 3339 with seconds, an optional fraction, and Z or an offset.
        if (text.Length is < 20 or > 35 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
        {
            return false;
        }

        var rest = text[19..];
        if (rest[0] == '.')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits is < 1 or > 9)
            {
                return false;
            }

            rest = rest[(digits + 1)..];
        }

        var zone = rest.SequenceEqual("Z"u8) || (rest.Length == 6 && rest[0] is (byte)'+' or (byte)'-' && rest[3] == ':' && Between(rest[1..3], 0, 23) && Between(rest[4..], 0, 59));
        return zone && IsDigits(text[..4], 4) && Between(text[5..7], 1, 12) && Between(text[8..10], 1, 31)
            && Between(text[11..13], 0, 23) && Between(text[14..16], 0, 59) && Between(text[17..19], 0, 59);
    }

    private static bool Between(ReadOnlySpan<byte> two, int least, int most) =>
        IsDigit(two[0]) && IsDigit(two[1]) && ((two[0] - '0') * 10) + two[1] - '0' is var value && value >= least && value <= most;

    private static bool IsIp(ReadOnlySpan<byte> text) =>
        text.Length <= 45 && All(text, IpBytes) && (text.Contains((byte)':') || text.Count((byte)'.') == 3) && IPAddress.TryParse(text, out _);

    private static bool IsCidr(ReadOnlySpan<byte> text)
    {
        var slash = text.IndexOf((byte)'/');
        return slash > 0 && IsDigits(text[(slash + 1)..], 3) && IsIp(text[..slash]);
    }

    private static bool IsPort(ReadOnlySpan<byte> text) =>
        IsDigits(text, 5) || (text.Length <= 15 && All(text, Argv0Bytes) && text.IndexOfAny((byte)'.', (byte)'_') < 0);

    private static bool IsImage(ReadOnlySpan<byte> text)
    {
        if (text.Length > 512 || !All(text, ImageBytes))
        {
            return false;
        }

        if (text.StartsWith("docker-pullable://"u8))
        {
            text = text["docker-pullable://"u8.Length..];
        }

        if (IsDigest(text))
        {
            return true;
        }

        // An @ may only introduce a digest: user information before a host is refused.
        var at = text.IndexOf((byte)'@');
        if (at >= 0 && !IsDigest(text[(at + 1)..]))
        {
            return false;
        }

        var reference = at >= 0 ? text[..at] : text;
        return reference.Length > 0 && reference.IndexOf("//"u8) < 0 && IsAlnum(reference[0]) && !reference.StartsWith("http:"u8) && !reference.StartsWith("https:"u8);
    }

    internal static bool IsDigest(ReadOnlySpan<byte> text)
    {
        var colon = text.IndexOf((byte)':');
        return colon > 0 && text[..colon] is var algorithm && (algorithm.SequenceEqual("sha256"u8) || algorithm.SequenceEqual("sha512"u8))
            && text[(colon + 1)..] is { Length: 64 or 128 } hex && IsLowerHex(hex);
    }

    private static bool IsContainerId(ReadOnlySpan<byte> text)
    {
        var at = text.IndexOf("://"u8);
        return at is > 0 and <= 24 && text[..at].IndexOfAnyExcept(Argv0Bytes) < 0 && text[(at + 3)..] is { Length: 64 } hex && IsLowerHex(hex);
    }

    private static bool IsUuid(ReadOnlySpan<byte> text) =>
        text.Length == 36 && Utf8Parser.TryParse(text, out Guid _, out var used, 'D') && used == 36;

    private static bool IsCron(ReadOnlySpan<byte> text)
    {
        if (text.Length > 100 || !All(text, CronBytes))
        {
            return false;
        }

        if (text[0] == '@')
        {
            return Encoding.ASCII.GetString(text) is "@hourly" or "@daily" or "@midnight" or "@weekly" or "@monthly" or "@yearly" or "@annually";
        }

        var fields = 0;
        foreach (var range in text.Split((byte)' '))
        {
            var field = text[range];
            if (field.IsEmpty)
            {
                continue;
            }

            fields++;
            if (field.IndexOf((byte)'@') >= 0 || !IsCronField(field))
            {
                return false;
            }
        }

        return fields == 5;
    }

    private static bool IsCronField(ReadOnlySpan<byte> field)
    {
        // Items of at most three letters (MON, JAN) or two digits, joined by , - /
        var run = 0;
        foreach (var b in field)
        {
            run = IsAlnum(b) ? run + 1 : 0;
            if (run > 3)
            {
                return false;
            }
        }

        return true;
    }

    private static bool All(ReadOnlySpan<byte> text, SearchValues<byte> allowed) => text.IndexOfAnyExcept(allowed) < 0;

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    private static bool IsLetter(byte b) => (byte)(b | 0x20) is >= (byte)'a' and <= (byte)'z';

    private static bool IsAlnum(byte b) => IsDigit(b) || IsLetter(b);

    private static SearchValues<byte> Bytes(string characters) => SearchValues.Create(Encoding.ASCII.GetBytes(characters));
}
