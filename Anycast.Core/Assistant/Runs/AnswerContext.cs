using Anycast.Core.Assistant.Models;
using Anycast.Core.Common;

namespace Anycast.Core.Assistant.Runs;

/// <summary>Which answer it is.</summary>
/// <param name="Seq">Number of the message within the conversation.</param>
internal sealed record AnswerKey(Guid UserId, long ConversationSeq, int Seq, Guid RunId);

/// <summary>One answer to be made.</summary>
internal sealed record AnswerContext(
    AnswerKey Key,
    Actor Actor,
    Guid TeamId,
    Guid ConversationId,
    Guid? ClusterId,
    ChatModel Model,
    IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> Prompt);
