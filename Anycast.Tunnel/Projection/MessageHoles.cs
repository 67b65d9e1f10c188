using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// The types of the holes in message templates. A hole prints either a value that fits its grammar or a word from a fixed
/// vocabulary; rendering what was rendered gives the same text, so that the service's check finds no difference.
/// </summary>
internal static class MessageHoles
{
    private static readonly string[] Special = ["names", "quotas", "duration", "podref", "pull", "probe", "scheduling", "rest", "word", "keys"];

    private static readonly (string Sign, string Word)[] PullCauses =
    [
        ("rate limit", "rate limited"),
        ("toomanyrequests", "rate limited"),
        ("no match for platform", "no match for platform"),
        ("no matching manifest", "no match for platform"),
        ("unauthorized", "unauthorized"),
        ("denied", "unauthorized"),
        ("authorization failed", "unauthorized"),
        ("no basic auth credentials", "unauthorized"),
        ("manifest unknown", "not found"),
        ("not found", "not found"),
        ("does not exist", "not found"),
        ("no such host", "registry name not resolved"),
        ("registry name not resolved", "registry name not resolved"),
        ("server misbehaving", "registry name not resolved"),
        ("x509", "certificate not trusted"),
        ("certificate not trusted", "certificate not trusted"),
        ("connection refused", "connection refused"),
        ("timeout", "timed out"),
        ("timed out", "timed out"),
        ("deadline exceeded", "timed out"),
        ("no space left", "no space left on the node"),
        ("invalid reference format", "invalid reference format"),
    ];

    private static readonly (string Sign, string Word)[] ProbeCauses =
    [
        ("connection refused", "connection refused"),
        ("deadline exceeded", "timed out"),
        ("timeout", "timed out"),
        ("timed out", "timed out"),
        ("no route to host", "no route to host"),
        ("connection reset", "connection reset"),
    ];

    public static bool Exists(string type) => Special.Contains(type, StringComparer.Ordinal) || Enum.TryParse<LeafType>(type, ignoreCase: true, out _);

    /// <summary>What to print in the hole, or null when the text does not fit.</summary>
    public static string? Render(string type, string text) => type switch
    {
        "names" => EachOf(text, t => Leaf(LeafType.Name, t)),
        "keys" => EachOf(text, t => Leaf(LeafType.Name, t)),
        "quotas" => EachOf(text, Quota),
        "duration" => IsDuration(text) ? text : null,
        "podref" => PodReference(text),
        "pull" => Cause(PullCauses, text) ?? "other cause",
        "probe" => Cause(ProbeCauses, text),
        "scheduling" => SchedulingMessage.Render(text),
        "rest" => Marker.IsString(Encoding.UTF8.GetBytes(text)) ? text : Marker.ForString(text.Length),
        "word" => text.Length is > 0 and <= 40 && text.All(char.IsAsciiLetter) ? text : null,
        _ => Leaf(Enum.Parse<LeafType>(type, ignoreCase: true), text),
    };

    private static string? Leaf(LeafType leaf, string text)
    {
        if (text.Length == 0 || text.Length > 1024)
        {
            return null;
        }

        Span<byte> utf8 = stackalloc byte[(text.Length * 3) + 1];
        var bytes = utf8[..Encoding.UTF8.GetBytes(text, utf8)];
        if (!LeafGrammar.Fits(leaf, bytes))
        {
            return null;
        }

        return leaf == LeafType.Image ? (Detectors.HitImage(bytes) ? null : text) : (Detectors.Hit(bytes) ? null : text);
    }

    /// <summary>Items divided by commas or blanks, each by its own rule.</summary>
    private static string? EachOf(string text, Func<string, string?> rule)
    {
        foreach (var item in text.Split([',', ' ', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (rule(item) is null)
            {
                return null;
            }
        }

        return text.Length <= 1024 ? text : null;
    }

    private static string? Quota(string text)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && Leaf(LeafType.Name, text[..at]) is not null && Leaf(LeafType.Quantity, text[(at + 1)..]) is not null ? text : null;
    }

    private static bool IsDuration(string text) =>
        text.Length is > 1 and <= 24 && char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiDigit(c) || c is '.' or 'h' or 'm' or 's' or 'n' or 'u');

    /// <summary><c>name_namespace(uid)</c>, as the kubelet prints pods; the uid is left out.</summary>
    private static string? PodReference(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var name = open < 0 ? text : text[..open];
        if (open >= 0 && (!text.EndsWith(')') || Leaf(LeafType.Uuid, text[(open + 1)..^1]) is null))
        {
            return null;
        }

        return Leaf(LeafType.Name, name);
    }

    private static string? Cause((string Sign, string Word)[] causes, string text)
    {
        foreach (var (sign, word) in causes)
        {
            if (text.Contains(sign, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }

        return null;
    }
}
