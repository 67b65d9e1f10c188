using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>
/// Takes out of free text each line in which a detector finds a secret. Free text is a net with known holes, which is why only a customer's
/// opt-in lets any pass.
/// </summary>
internal sealed class SecretLines
{
    private const int MostCharacters = 4096;
    private bool inKey;

    /// <summary>How many lines were withheld so far; markers of an earlier look count.</summary>
    public int Withheld { get; private set; }

    /// <summary>The next line as it may leave: as it is, or as a marker.</summary>
    public string Next(string raw)
    {
        if (Marker.IsString(Encoding.UTF8.GetBytes(raw)))
        {
            Withheld++;
            return raw;
        }

        // A key in PEM form spans lines; all from its beginning to its end are withheld.
        var begins = raw.Contains("-----BEGIN", StringComparison.Ordinal);
        var hides = inKey || begins || IsSecret(raw);
        inKey = (inKey || begins) && !raw.Contains("-----END", StringComparison.Ordinal);
        Withheld += hides ? 1 : 0;
        return hides ? Marker.ForString(raw.Length) : Plain(raw);
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
