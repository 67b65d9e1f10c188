using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Usage;

namespace Anycast.Core.Assistant;

/// <summary>Why an answer ended before its end.</summary>
public enum InterruptReason
{
    /// <summary>The person pressed Stop.</summary>
    Stopped = 1,

    /// <summary>The service was restarted or killed.</summary>
    Restart = 2,

    /// <summary>A limit of <see cref="AssistantLimits"/> was reached.</summary>
    Limit = 3,

    /// <summary>The person restricted the use of their data (R05).</summary>
    Restricted = 4,

    /// <summary>The person may no longer use the assistant here: blocked, or out of the team.</summary>
    NotAllowed = 5,
}

/// <summary>What happens in a growing answer. A closed set: a subscriber switches over it.</summary>
public abstract record AssistantEvent
{
    private AssistantEvent()
    {
    }

    /// <summary>More text.</summary>
    public sealed record TextDelta(string Text) : AssistantEvent;

    /// <summary>A tool is called.</summary>
    public sealed record ToolStarted(int Index, string Name, string Arguments) : AssistantEvent;

    /// <summary>A tool has answered.</summary>
    public sealed record ToolFinished(int Index, ToolCallStatus Status, string? Code, string Read, string Output, TimeSpan Duration) : AssistantEvent;

    /// <summary>A tool made a proposal that a person can approve.</summary>
    public sealed record ProposalOffered(Guid ProposalId) : AssistantEvent;

    /// <summary>Tokens used so far.</summary>
    public sealed record Used(TokenCount Tokens) : AssistantEvent;

    /// <summary>The model failed; the answer ends here.</summary>
    public sealed record Failed(AssistantFailure Failure) : AssistantEvent;

    /// <summary>The answer ends before its end.</summary>
    public sealed record Interrupted(InterruptReason Reason) : AssistantEvent;

    /// <summary>The answer is complete.</summary>
    public sealed record Done : AssistantEvent
    {
        public static readonly Done Instance = new();
    }

    /// <summary>Nothing follows this one.</summary>
    public bool IsEnd => this is Failed or Interrupted or Done;
}
