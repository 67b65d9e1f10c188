using System.Diagnostics;
using System.Threading.Channels;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Common.Tools;
using Anycast.Core.Usage;
using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// Makes one answer: asks the model, runs the tools it calls, asks again with their results, until it is done or a limit is reached.
/// Writes events in order; tool calls and tokens are stored as they happen.
/// </summary>
internal sealed class AnswerLoop(ModelStream models, ToolCatalog catalog, ToolRunner tools, RunStore store, UsageMeter meter, TimeProvider clock)
{
    /// <returns>How it ended: done, or a limit.</returns>
    /// <exception cref="AssistantException">The model failed.</exception>
    public async Task<AssistantEvent> RunAsync(AnswerContext answer, ChannelWriter<AssistantEvent> output, CancellationToken ct)
    {
        var messages = answer.Prompt.ToList();
        var options = new ChatOptions { MaxOutputTokens = AssistantLimits.OutputTokens, Tools = await catalog.DeclarationsAsync(Context(answer), ct) };
        var progress = new Progress(output);
        for (var round = 0; round < AssistantLimits.RoundsPerAnswer; round++)
        {
            if (progress.Calls >= AssistantLimits.ToolCallsPerAnswer)
            {
                // The last word is the model's own, without further tools.
                options.ToolMode = ChatToolMode.None;
            }

            var said = await ListenAsync(answer, messages, options, progress, round, ct);
            if (said is null)
            {
                return new AssistantEvent.Interrupted(InterruptReason.Limit);
            }

            if (said.Calls.Count == 0)
            {
                // A provider that ends without a word has not answered.
                return progress.Length > 0 ? AssistantEvent.Done.Instance : throw new AssistantException(new AssistantFailure(AssistantFailureKind.Malformed));
            }

            messages.Add(new ChatMessage(ChatRole.Assistant, said.Contents));
            var results = new List<AIContent>(said.Calls.Count);
            foreach (var call in said.Calls)
            {
                results.Add(new FunctionResultContent(call.CallId, await CallAsync(answer, progress, round, call, ct)));
            }

            messages.Add(new ChatMessage(ChatRole.Tool, results));
        }

        return new AssistantEvent.Interrupted(InterruptReason.Limit);
    }

    /// <summary>Reads one round. Null when the answer became too long.</summary>
    private async Task<Said?> ListenAsync(AnswerContext answer, List<ChatMessage> messages, ChatOptions options, Progress progress, int round, CancellationToken ct)
    {
        var text = new System.Text.StringBuilder();
        var calls = new List<FunctionCallContent>();
        var tokens = TokenCount.None;
        var finished = false;
        try
        {
            await foreach (var update in models.ReadAsync(answer.Model, messages, options, ct))
            {
                finished |= update.FinishReason is not null;
                foreach (var content in update.Contents)
                {
                    switch (content)
                    {
                        case TextContent { Text.Length: > 0 } said:
                            var piece = progress.Fit(said.Text);
                            text.Append(piece);
                            await progress.SayAsync(piece, ct);
                            if (piece.Length < said.Text.Length)
                            {
                                return null;
                            }

                            break;
                        case FunctionCallContent call when calls.TrueForAll(c => c.CallId != call.CallId):
                            calls.Add(call.CallId.Length > 0 ? call : new FunctionCallContent($"call-{round}-{calls.Count}", call.Name, call.Arguments) { Exception = call.Exception });
                            break;
                        case UsageContent usage:
                            tokens += new TokenCount(usage.Details.InputTokenCount ?? 0, usage.Details.CachedInputTokenCount ?? 0, usage.Details.OutputTokenCount ?? 0);
                            break;
                        case ErrorContent:
                            throw new AssistantException(new AssistantFailure(AssistantFailureKind.Refused));
                        default:
                            break;
                    }
                }
            }
        }
        finally
        {
            // Also when it was stopped: what the provider counted is counted here.
            progress.Tokens += tokens;
            if (finished || tokens != TokenCount.None)
            {
                await meter.RecordAsync(
                    new ModelCall(answer.Key.UserId, answer.TeamId, answer.Key.RunId, round, answer.Model.Provider, answer.Model.Model, tokens), CancellationToken.None);
            }
        }

        if (!finished)
        {
            // The stream ended without an end: cut on the way. Tool calls that were on it are not run.
            throw new AssistantException(new AssistantFailure(AssistantFailureKind.Unavailable));
        }

        if (tokens != TokenCount.None)
        {
            await progress.Output.WriteAsync(new AssistantEvent.Used(progress.Tokens), ct);
        }

        var contents = new List<AIContent>();
        if (text.Length > 0)
        {
            contents.Add(new TextContent(text.ToString()));
        }

        contents.AddRange(calls);
        return new Said(contents, calls);
    }

    private async Task<object> CallAsync(AnswerContext answer, Progress progress, int round, FunctionCallContent call, CancellationToken ct)
    {
        if (progress.Calls >= AssistantLimits.ToolCallsPerAnswer)
        {
            return ToolResult.Fail("tool.limit", "No more tool calls in this answer. Answer with what you have.").Output;
        }

        var row = new ToolCall
        {
            UserId = answer.Key.UserId,
            ConversationSeq = answer.Key.ConversationSeq,
            MessageSeq = answer.Key.Seq,
            Index = progress.Calls++,
            Round = round,
            CallId = Cut(call.CallId, 200),
            Name = Cut(call.Name, 64),
            Arguments = ToolRunner.Print(call),
            TextOffset = progress.Length,
            Status = ToolCallStatus.Running,
            StartedAt = clock.GetUtcNow(),
        };
        await store.AddToolCallAsync(row, ct);
        await progress.Output.WriteAsync(new AssistantEvent.ToolStarted(row.Index, row.Name, row.Arguments), ct);
        var watch = Stopwatch.StartNew();
        var result = await tools.RunAsync(Context(answer), call, ct);
        row.Status = result.Code is null ? ToolCallStatus.Done : ToolCallStatus.Failed;
        row.Code = result.Code;
        row.Read = Cut(result.Read, 400);
        row.Output = result.Code is null && catalog.Find(call.Name) is { KeepsOutput: false } ? ToolCall.NotKept : result.Output.GetRawText();
        row.ProposalId = result.ProposalId;
        row.DurationMs = (int)watch.ElapsedMilliseconds;
        await store.FinishToolCallAsync(row, CancellationToken.None);
        await progress.Output.WriteAsync(new AssistantEvent.ToolFinished(row.Index, row.Status, row.Code, row.Read, row.Output, watch.Elapsed), ct);
        if (result.ProposalId is { } proposal)
        {
            await progress.Output.WriteAsync(new AssistantEvent.ProposalOffered(proposal), ct);
        }

        return result.Output;
    }

    /// <summary>In whose name the tools of an answer act.</summary>
    private static ToolContext Context(AnswerContext answer) =>
        new(answer.Actor with { RunId = answer.Key.RunId }, answer.TeamId, answer.ClusterId, answer.ConversationId, answer.Key.RunId);

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];

    /// <summary>What a model said in one round.</summary>
    private sealed record Said(IList<AIContent> Contents, IReadOnlyList<FunctionCallContent> Calls);

    /// <summary>How far the answer is.</summary>
    private sealed class Progress(ChannelWriter<AssistantEvent> output)
    {
        private int _callsBefore;

        public ChannelWriter<AssistantEvent> Output => output;

        public int Length { get; private set; }

        public int Calls { get; set; }

        public TokenCount Tokens { get; set; } = TokenCount.None;

        /// <summary>As much of the text as the answer still holds.</summary>
        public string Fit(string text)
        {
            var room = AssistantLimits.AnswerLength - Length - 2;
            return text.Length <= room ? text : text[..Math.Max(0, room)];
        }

        public async Task SayAsync(string text, CancellationToken ct)
        {
            // What is said after tool calls begins a new paragraph.
            if (Calls > _callsBefore && Length > 0)
            {
                text = "\n\n" + text;
            }

            _callsBefore = Calls;
            Length += text.Length;
            await output.WriteAsync(new AssistantEvent.TextDelta(text), ct);
        }
    }
}
