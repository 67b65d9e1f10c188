namespace Anycast.Core.Assistant.Runs;

/// <summary>The times of <see cref="AssistantLimits"/> as they are used, so that tests can shorten them.</summary>
public sealed record AssistantTimings
{
    public TimeSpan Answer { get; init; } = AssistantLimits.AnswerTime;
    public TimeSpan Tool { get; init; } = AssistantLimits.ToolTime;
    public TimeSpan FirstToken { get; init; } = AssistantLimits.FirstTokenTime;
    public TimeSpan Stall { get; init; } = AssistantLimits.StallTime;
    public TimeSpan Flush { get; init; } = AssistantLimits.FlushEvery;
    public TimeSpan Checkpoint { get; init; } = AssistantLimits.CheckpointEvery;

    /// <summary>First wait before another try; doubles.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Between two words of the built-in assistant.</summary>
    public TimeSpan Word { get; init; } = TimeSpan.FromMilliseconds(14);
}
