using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Anycast.Core.Assistant.Models;
using Anycast.Core.Assistant.Runs;
using Microsoft.Extensions.AI;

namespace Anycast.Core.Assistant.BuiltIn;

/// <summary>
/// The assistant that needs no key and no network: no language model, but fixed rules over the same tools, through the same path. The same
/// question on the same cluster gets the same answer, and every answer says what it comes from.
/// </summary>
public sealed partial class BuiltInChatClient(AssistantTimings timings, TimeProvider clock) : IChatClient
{
    private static readonly ChatClientMetadata Metadata = new("anycast", defaultModelId: ChatModel.BuiltInName);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var step = BuiltInPlan.Next(Transcript.Read(messages));
        foreach (Match word in Word().Matches(step.Text))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, word.Value);
            if (timings.Word > TimeSpan.Zero)
            {
                await Task.Delay(timings.Word, clock, cancellationToken);
            }
        }

        if (step.Call is { } call)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, [call]) { FinishReason = ChatFinishReason.ToolCalls };
        }
        else
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, []) { FinishReason = ChatFinishReason.Stop };
        }
    }

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null : serviceType == typeof(ChatClientMetadata) ? Metadata : serviceType.IsInstanceOfType(this) ? this : null;

    /// <summary>Shared and stateless: nothing to give back.</summary>
    public void Dispose()
    {
    }

    /// <summary>A word with the space before it; line breaks stay with the word that follows.</summary>
    [GeneratedRegex(@"\s*\S+|\s+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Word();
}
