using Anycast.Core.Common;

namespace Anycast.Core.Assistant.Conversations;

/// <summary>How a tool call ended.</summary>
public enum ToolCallStatus
{
    Running = 1,
    Done = 2,

    /// <summary>The tool said no, or could not; <see cref="ToolCall.Code"/> says why.</summary>
    Failed = 3,

    /// <summary>The answer ended while it ran.</summary>
    Interrupted = 4,
}

/// <summary>One call of a tool within an answer: what was asked, what was read.</summary>
public sealed class ToolCall
{
    /// <summary>
    /// Stands for an output that is not kept, since it was read under an opt-in of the customer's that ends; also what a later answer of the
    /// conversation is shown of it.
    /// </summary>
    public const string NotKept = """{"note":"This was read under an opt-in of the customer's and is not kept. Read it again if it is needed."}""";

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Technical)]
    public long ConversationSeq { get; set; }

    [Classified(DataClass.Technical)]
    public int MessageSeq { get; set; }

    /// <summary>Number within the answer, from 0.</summary>
    [Classified(DataClass.Technical)]
    public int Index { get; set; }

    /// <summary>Which call to the model asked for it; calls of one round were asked together.</summary>
    [Classified(DataClass.Technical)]
    public int Round { get; set; }

    /// <summary>The provider's id of the call.</summary>
    [Classified(DataClass.Technical)]
    public string CallId { get; set; } = "";

    [Classified(DataClass.Content)]
    public string Name { get; set; } = "";

    [Classified(DataClass.Content)]
    public string Arguments { get; set; } = "{}";

    /// <summary>Where in the answer's text it stands.</summary>
    [Classified(DataClass.Technical)]
    public int TextOffset { get; set; }

    [Classified(DataClass.Technical)]
    public ToolCallStatus Status { get; set; }

    [Classified(DataClass.Technical)]
    public string? Code { get; set; }

    /// <summary>What was read, in a few words.</summary>
    [Classified(DataClass.Cluster)]
    public string Read { get; set; } = "";

    /// <summary>Output as JSON, bounded by <see cref="AssistantLimits.ToolOutputLength"/>.</summary>
    [Classified(DataClass.Cluster)]
    public string Output { get; set; } = "";

    [Classified(DataClass.Technical)]
    public Guid? ProposalId { get; set; }

    [Classified(DataClass.Technical)]
    public DateTimeOffset StartedAt { get; set; }

    [Classified(DataClass.Technical)]
    public int DurationMs { get; set; }
}
