using System.Text;
using Anycast.Tunnel.Projection;

namespace Anycast.Tunnel.Logs;

/// <summary>
/// Makes of what a container logged what may leave the cluster: bounded, without control characters, and without each line in which a
/// detector finds a secret. Used by the agent, and by the service on what arrives. Logs are free text: this is a net with known holes,
/// which is why only the customer opens it, for a time.
/// </summary>
public static class LogRedactor
{
    /// <summary>No more lines leave the cluster at a time.</summary>
    public const int MostLines = 500;

    /// <summary>No more bytes are read at a time.</summary>
    public const int MostBytes = 256 * 1024;

    private const int MostCharacters = 4096;

    /// <summary>Redacts the text of a log.</summary>
    /// <param name="text">UTF-8; what is none becomes a replacement character.</param>
    public static LogText Redact(ReadOnlySpan<byte> text)
    {
        // The API server stops at a number of bytes: the last line may be cut off in the middle of what a detector would need.
        var cut = text.Length >= MostBytes;
        var lines = Encoding.UTF8.GetString(cut ? text[..MostBytes] : text).ReplaceLineEndings("\n").Split('\n').ToList();
        if (cut || lines[^1].Length == 0)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        return Redact(lines, cut);
    }

    /// <summary>The service's own look: a line that should not have come is withheld here.</summary>
    /// <returns>The text, and how many lines the agent had let through.</returns>
    public static (LogText Text, int Differences) Check(LogText text)
    {
        var own = Redact(text.Lines, text.Cut);
        var markers = text.Lines.Count(l => Marker.IsString(Encoding.UTF8.GetBytes(l)));
        return (own, own.Withheld - markers);
    }

    private static LogText Redact(IReadOnlyList<string> lines, bool cut)
    {
        var output = new List<string>(Math.Min(lines.Count, MostLines));
        var withheld = 0;
        var inKey = false;
        foreach (var raw in lines.Skip(Math.Max(0, lines.Count - MostLines)))
        {
            if (Marker.IsString(Encoding.UTF8.GetBytes(raw)))
            {
                withheld++;
                output.Add(raw);
                continue;
            }

            // A key in PEM form spans lines; all from its beginning to its end are withheld.
            var begins = raw.Contains("-----BEGIN", StringComparison.Ordinal);
            var hides = inKey || begins || IsSecret(raw);
            inKey = (inKey || begins) && !raw.Contains("-----END", StringComparison.Ordinal);
            withheld += hides ? 1 : 0;
            output.Add(hides ? Marker.ForString(raw.Length) : Plain(raw));
        }

        return new LogText(output, withheld, cut || lines.Count > MostLines);
    }

    private static bool IsSecret(string raw)
    {
        if (Detectors.Hit(Encoding.UTF8.GetBytes(raw)))
        {
            return true;
        }

        // Colours, invisible characters and look-alike forms must not hide a secret from the detectors.
        var plain = Normalised(raw);
        return plain != raw && Detectors.Hit(Encoding.UTF8.GetBytes(plain));
    }

    private static string Plain(string raw)
    {
        var plain = raw.Any(c => char.IsControl(c) && c != '\t') ? new string([.. raw.Where(c => !char.IsControl(c) || c == '\t')]) : raw;
        return plain.Length <= MostCharacters ? plain : plain[..MostCharacters] + "…";
    }

    private static string Normalised(string raw)
    {
        var visible = new StringBuilder(raw.Length);
        var inEscape = false;
        foreach (var rune in raw.EnumerateRunes())
        {
            if (inEscape)
            {
                inEscape = !Rune.IsLetter(rune); // ESC [ … letter
            }
            else if (rune.Value == 0x1B)
            {
                inEscape = true;
            }
            else if (Rune.GetUnicodeCategory(rune) is not (System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.Control))
            {
                visible.Append(rune);
            }
        }

        return visible.ToString().Normalize(NormalizationForm.FormKC);
    }
}
