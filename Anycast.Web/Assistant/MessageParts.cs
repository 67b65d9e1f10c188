using Anycast.Core.Assistant.Conversations;

namespace Anycast.Web.Assistant;

/// <summary>A piece of an answer in the order in which it is read.</summary>
public abstract record MessagePart
{
    private MessagePart()
    {
    }

    /// <summary>A settled block of Markdown: rendered once, never again.</summary>
    public sealed record Text(string Markdown) : MessagePart;

    /// <summary>A tool call.</summary>
    public sealed record Tool(ToolView View) : MessagePart;

    /// <summary>A proposal that a tool made.</summary>
    public sealed record Proposal(Guid Id) : MessagePart;
}

/// <summary>What a tool card shows.</summary>
public sealed record ToolView(int Index, string Name, string Arguments, ToolCallStatus Status, string? Code = null, string Read = "", string Output = "", TimeSpan? Duration = null)
{
    public static ToolView Of(ToolCall call) =>
        new(call.Index, call.Name, call.Arguments, call.Status, call.Code, call.Read, call.Output, TimeSpan.FromMilliseconds(call.DurationMs));
}

/// <summary>Takes an answer apart.</summary>
public static class MessageParts
{
    /// <summary>The parts of a stored answer: text where it was said, tool calls where they were made, proposals behind their call.</summary>
    public static IReadOnlyList<MessagePart> Of(Message message)
    {
        var parts = new List<MessagePart>();
        var from = 0;
        foreach (var call in message.ToolCalls.OrderBy(t => t.Index))
        {
            var to = Math.Clamp(call.TextOffset, from, message.Text.Length);
            parts.AddRange(Blocks(message.Text[from..to]));
            parts.Add(new MessagePart.Tool(ToolView.Of(call)));
            if (call.ProposalId is { } proposal)
            {
                parts.Add(new MessagePart.Proposal(proposal));
            }

            from = to;
        }

        parts.AddRange(Blocks(message.Text[from..]));
        return parts;
    }

    /// <summary>All of a text in blocks; the last one need not be closed.</summary>
    public static IEnumerable<MessagePart> Blocks(string text)
    {
        var (blocks, rest) = Settle(text);
        return rest.Trim().Length > 0 ? [.. blocks, new MessagePart.Text(rest)] : blocks;
    }

    /// <summary>
    /// Splits off the blocks that can't change any more: what stands before an empty line outside of a code fence. An empty line within a
    /// list does not close it, or its numbers would begin anew.
    /// </summary>
    /// <returns>The closed blocks, and the rest that still grows.</returns>
    public static (IReadOnlyList<MessagePart> Closed, string Open) Settle(string text)
    {
        var closed = new List<MessagePart>();
        var start = 0;
        var fenced = false;
        var line = 0;
        while (line < text.Length)
        {
            var end = text.IndexOf('\n', line);
            if (end < 0)
            {
                break;
            }

            var content = text.AsSpan(line, end - line).Trim();
            if (content.StartsWith("```") || content.StartsWith("~~~"))
            {
                fenced = !fenced;
            }
            else if (!fenced && content.IsEmpty && end + 1 < text.Length && !ContinuesList(text, start, end + 1))
            {
                var block = text[start..end];
                if (block.Trim().Length > 0)
                {
                    closed.Add(new MessagePart.Text(block));
                }

                start = end + 1;
            }

            line = end + 1;
        }

        return (closed, text[start..]);
    }

    /// <summary>
    /// Whether the block that begins at <paramref name="start"/> is a list that goes on at <paramref name="next"/>. True also while
    /// too little has arrived to tell: a block that is closed stays closed, so the answer must not depend on how the text was cut.
    /// </summary>
    private static bool ContinuesList(string text, int start, int next)
    {
        var kind = Item(text.AsSpan(start).TrimStart());
        return kind is ItemKind.Bullet or ItemKind.Number
            && (text[next] is ' ' or '\t' or '\r' or '\n' || Item(text.AsSpan(next)) is var found && (found == kind || found == ItemKind.Unclear));
    }

    private static ItemKind Item(ReadOnlySpan<char> line)
    {
        if (line.IsEmpty)
        {
            return ItemKind.Unclear;
        }

        if (line[0] is '-' or '*' or '+')
        {
            return line.Length == 1 ? ItemKind.Unclear : line[1] == ' ' ? ItemKind.Bullet : ItemKind.None;
        }

        var digits = 0;
        while (digits < line.Length && char.IsAsciiDigit(line[digits]))
        {
            digits++;
        }

        if (digits is 0 or > 9)
        {
            return ItemKind.None;
        }

        return line.Length <= digits + 1 && (line.Length == digits || line[digits] is '.' or ')') ? ItemKind.Unclear
            : line[digits] is '.' or ')' && line[digits + 1] == ' ' ? ItemKind.Number
            : ItemKind.None;
    }

    private enum ItemKind
    {
        None,
        Unclear,
        Bullet,
        Number,
    }
}
