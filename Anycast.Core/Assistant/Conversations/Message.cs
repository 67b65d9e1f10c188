using Anycast.Core.Common;

namespace Anycast.Core.Assistant.Conversations;

/// <summary>Who speaks.</summary>
public enum MessageRole
{
    User = 1,
    Assistant = 2,
}

/// <summary>How far a message is.</summary>
public enum MessageState
{
    Complete = 1,

    /// <summary>It grows in a process that holds its lease.</summary>
    Running = 2,

    /// <summary>It ended early; <see cref="Message.Interruption"/> says why.</summary>
    Interrupted = 3,

    /// <summary>The model failed; <see cref="Message.Failure"/> says how.</summary>
    Failed = 4,
}

/// <summary>A question or an answer.</summary>
public sealed class Message
{
    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Technical)]
    public long ConversationSeq { get; set; }

    /// <summary>Number within the conversation, from 1.</summary>
    [Classified(DataClass.Technical)]
    public int Seq { get; set; }

    [Classified(DataClass.Content)]
    public MessageRole Role { get; set; }

    /// <summary>The question, or the answer's text as Markdown; while it grows, the last checkpoint.</summary>
    [Classified(DataClass.Content)]
    public string Text { get; set; } = "";

    /// <summary>The object a question was asked about, as <c>Deployment/shop/checkout</c>; empty for none.</summary>
    [Classified(DataClass.Content)]
    public string About { get; set; } = "";

    [Classified(DataClass.Technical)]
    public MessageState State { get; set; }

    [Classified(DataClass.Technical)]
    public AssistantFailureKind? Failure { get; set; }

    /// <summary>When the provider wanted to be asked again.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? RetryAt { get; set; }

    [Classified(DataClass.Technical)]
    public InterruptReason? Interruption { get; set; }

    /// <summary>Which answer it is; usage rows name it.</summary>
    [Classified(DataClass.Technical)]
    public Guid? RunId { get; set; }

    /// <summary>The cluster that it was made about; the conversation may have gone on to another.</summary>
    [Classified(DataClass.Technical)]
    public Guid? ClusterId { get; set; }

    /// <summary>Until when its process has promised to go on.</summary>
    [Classified(DataClass.Technical)]
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Empty for the built-in assistant.</summary>
    [Classified(DataClass.Usage)]
    public string Provider { get; set; } = "";

    [Classified(DataClass.Usage)]
    public string Model { get; set; } = "";

    [Classified(DataClass.Usage)]
    public long InputTokens { get; set; }

    [Classified(DataClass.Usage)]
    public long CachedInputTokens { get; set; }

    [Classified(DataClass.Usage)]
    public long OutputTokens { get; set; }

    [Classified(DataClass.Content)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Content)]
    public DateTimeOffset? FinishedAt { get; set; }

    public List<ToolCall> ToolCalls { get; set; } = [];
}
