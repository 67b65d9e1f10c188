using System.Globalization;
using System.Text.Json;
using Anycast.Core.Assistant.Conversations;
using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// What a model is shown of a conversation. The system prompt is a fixed text of ours: nothing that a cluster or a person wrote ever
/// stands in it (threat T1); what a cluster said stands only in tool results.
/// </summary>
internal static class PromptHistory
{
    /// <summary>Answers whose tool results are shown again; of older ones only the text.</summary>
    private const int AnswersWithTools = 3;

    /// <summary>Characters shown again of one old tool result.</summary>
    private const int OldOutputLength = 4_000;

    /// <summary>Asks for the rest of an answer that was interrupted.</summary>
    internal const string GoOn = "(Your last answer was interrupted. Go on where it stopped, without repeating it.)";

    private static readonly Lazy<string> System = new(ReadSystemPrompt);

    public static IReadOnlyList<ChatMessage> Build(IReadOnlyList<Message> history, bool goOn, DateTimeOffset now)
    {
        var kept = Fit(history);
        var answers = kept.Where(m => m.Role == MessageRole.Assistant).Select(m => m.Seq).TakeLast(AnswersWithTools).ToHashSet();
        var messages = new List<ChatMessage>
        {
            new(ChatRole.System, System.Value.Replace("{now}", now.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture), StringComparison.Ordinal)),
        };
        foreach (var message in kept)
        {
            if (message.Role == MessageRole.User)
            {
                messages.Add(new ChatMessage(ChatRole.User, Question(message)));
            }
            else
            {
                Answer(messages, message, answers.Contains(message.Seq));
            }
        }

        if (goOn)
        {
            messages.Add(new ChatMessage(ChatRole.User, GoOn));
        }

        return messages;
    }

    /// <summary>The newest messages that fit; it always begins with a question.</summary>
    private static List<Message> Fit(IReadOnlyList<Message> history)
    {
        var length = 0;
        var kept = new List<Message>();
        for (var i = history.Count - 1; i >= 0; i--)
        {
            length += history[i].Text.Length + history[i].ToolCalls.Sum(t => Math.Min(t.Output.Length, OldOutputLength) + t.Arguments.Length);
            if (length > AssistantLimits.HistoryLength && kept.Count > 0)
            {
                break;
            }

            kept.Add(history[i]);
        }

        kept.Reverse();
        return kept.SkipWhile(m => m.Role != MessageRole.User).ToList();
    }

    private static string Question(Message message) =>
        message.About.Length == 0 ? message.Text : $"[About {message.About}]\n{message.Text}";

    /// <summary>Text and tool calls in the order in which they came: each round's text, its calls, their results.</summary>
    private static void Answer(List<ChatMessage> messages, Message message, bool withTools)
    {
        var from = 0;
        var rounds = withTools ? message.ToolCalls.Where(t => t.Status is ToolCallStatus.Done or ToolCallStatus.Failed).GroupBy(t => t.Round).OrderBy(g => g.Key).ToList() : [];
        foreach (var round in rounds)
        {
            var to = Math.Clamp(round.Min(t => t.TextOffset), from, message.Text.Length);
            var contents = new List<AIContent>();
            if (to > from)
            {
                contents.Add(new TextContent(message.Text[from..to]));
            }

            contents.AddRange(round.Select(t => new FunctionCallContent(t.CallId, t.Name, Parse(t.Arguments))));
            messages.Add(new ChatMessage(ChatRole.Assistant, contents));
            messages.Add(new ChatMessage(ChatRole.Tool, [.. round.Select(t => new FunctionResultContent(t.CallId, Cut(t.Output)))]));
            from = to;
        }

        if (message.Text[from..].Trim() is { Length: > 0 } rest)
        {
            messages.Add(new ChatMessage(ChatRole.Assistant, rest));
        }
    }

    private static Dictionary<string, object?>? Parse(string arguments)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Cut(string output) =>
        output.Length <= OldOutputLength ? output : output[..OldOutputLength] + "… (cut)";

    private static string ReadSystemPrompt()
    {
        using var stream = typeof(PromptHistory).Assembly.GetManifestResourceStream("Anycast.Core.Assistant.SystemPrompt.md")
            ?? throw new InvalidOperationException("The system prompt is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
