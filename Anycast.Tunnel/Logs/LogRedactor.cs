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
        var secrets = new SecretLines();
        var output = lines.Skip(Math.Max(0, lines.Count - MostLines)).Select(secrets.Next).ToList();
        return new LogText(output, secrets.Withheld, cut || lines.Count > MostLines);
    }
}
