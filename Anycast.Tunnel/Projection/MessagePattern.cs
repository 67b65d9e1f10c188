using System.Text;

namespace Anycast.Tunnel.Projection;

/// <summary>A text with typed holes: <c>Failed to pull image "{image}": {pull}</c>. A hole runs to the next literal.</summary>
internal sealed class MessagePattern
{
    private const int MaxSteps = 500;
    private readonly (bool IsHole, string Text)[] parts;

    private MessagePattern((bool IsHole, string Text)[] parts) => this.parts = parts;

    public static MessagePattern Parse(string pattern)
    {
        var parts = new List<(bool, string)>();
        var at = 0;
        while (at < pattern.Length)
        {
            var open = pattern.IndexOf('{', at);
            if (open < 0)
            {
                parts.Add((false, pattern[at..]));
                break;
            }

            if (open > at)
            {
                parts.Add((false, pattern[at..open]));
            }

            var close = pattern.IndexOf('}', open);
            var type = pattern[(open + 1)..close];
            if (!MessageHoles.Exists(type))
            {
                throw new InvalidDataException($"Unknown hole in a message template: {type}");
            }

            parts.Add((true, type));
            at = close + 1;
        }

        return new MessagePattern([.. parts]);
    }

    public bool TryRender(string message, out string rendered)
    {
        var output = new StringBuilder(message.Length);
        var steps = 0;
        if (Match(message, 0, 0, output, ref steps))
        {
            rendered = output.ToString();
            return true;
        }

        rendered = "";
        return false;
    }

    private bool Match(string message, int at, int part, StringBuilder output, ref int steps)
    {
        if (part == parts.Length)
        {
            return at == message.Length;
        }

        if (++steps > MaxSteps)
        {
            return false;
        }

        var (isHole, text) = parts[part];
        if (!isHole)
        {
            if (string.CompareOrdinal(message, at, text, 0, text.Length) != 0)
            {
                return false;
            }

            output.Append(text);
            return Match(message, at + text.Length, part + 1, output, ref steps);
        }

        var mark = output.Length;
        if (part == parts.Length - 1)
        {
            return Fill(message[at..], text, output);
        }

        // The hole ends where the next literal begins; try each place, nearest first.
        var next = parts[part + 1].Text;
        for (var end = message.IndexOf(next, at, StringComparison.Ordinal); end >= 0 && steps < MaxSteps; end = message.IndexOf(next, end + 1, StringComparison.Ordinal))
        {
            output.Length = mark;
            if (Fill(message[at..end], text, output) && Match(message, end, part + 1, output, ref steps))
            {
                return true;
            }

            steps++;
        }

        output.Length = mark;
        return false;
    }

    private static bool Fill(string value, string type, StringBuilder output)
    {
        if (MessageHoles.Render(type, value) is not { } rendered)
        {
            return false;
        }

        output.Append(rendered);
        return true;
    }
}
