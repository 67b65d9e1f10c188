using System.Text.Json;
using Anycast.Core.Assistant.Runs;
using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>A tool that was called and what it said.</summary>
internal sealed record Asked(string Name, IReadOnlyDictionary<string, object?> Arguments, JsonElement Result)
{
    /// <summary>Code of the tool's failure, null when it worked.</summary>
    public string? Error => Result.ValueKind == JsonValueKind.Object && Result.TryGetProperty("error", out var e) && e.ValueKind == JsonValueKind.String ? e.GetString() : null;
}

/// <summary>What the built-in assistant reads of a conversation: the last question, what was asked of tools since, and before.</summary>
/// <param name="Question">Text of the last question.</param>
/// <param name="Earlier">The questions before it, oldest first.</param>
/// <param name="Since">Tool calls since the question.</param>
/// <param name="Before">Tool calls of earlier answers, oldest first.</param>
internal sealed record Transcript(string Question, IReadOnlyList<string> Earlier, IReadOnlyList<Asked> Since, IReadOnlyList<Asked> Before)
{
    public static Transcript Read(IEnumerable<ChatMessage> messages)
    {
        var questions = new List<string>();
        var since = new List<Asked>();
        var before = new List<Asked>();
        var open = new Dictionary<string, FunctionCallContent>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            // "Go on" asks nothing new: what was read for the interrupted answer still counts.
            if (message.Role == ChatRole.User && message.Text != PromptHistory.GoOn)
            {
                questions.Add(message.Text);
                before.AddRange(since);
                since.Clear();
            }

            foreach (var content in message.Contents)
            {
                if (content is FunctionCallContent call)
                {
                    open[call.CallId] = call;
                }
                else if (content is FunctionResultContent result && open.Remove(result.CallId, out var asked))
                {
                    since.Add(new Asked(asked.Name, asked.Arguments?.AsReadOnly() ?? new Dictionary<string, object?>().AsReadOnly(), Parse(result.Result)));
                }
            }
        }

        return new Transcript(questions.LastOrDefault() ?? "", [.. questions.SkipLast(1)], since, before);
    }

    private static JsonElement Parse(object? result)
    {
        if (result is JsonElement element)
        {
            return element;
        }

        try
        {
            return JsonSerializer.Deserialize<JsonElement>(result as string ?? "{}");
        }
        catch (JsonException)
        {
            // An old result that was cut is no JSON any more.
            return JsonSerializer.SerializeToElement(new { });
        }
    }
}
