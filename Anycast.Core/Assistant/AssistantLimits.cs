namespace Anycast.Core.Assistant;

/// <summary>Every bound of the assistant in one place.</summary>
public static class AssistantLimits
{
    /// <summary>Tool calls in one answer (threat T30).</summary>
    public const int ToolCallsPerAnswer = 25;

    /// <summary>Calls to the model in one answer.</summary>
    public const int RoundsPerAnswer = 12;

    /// <summary>Characters of one question.</summary>
    public const int QuestionLength = 8_000;

    /// <summary>Characters of one answer; beyond, the answer is ended.</summary>
    public const int AnswerLength = 60_000;

    /// <summary>Characters of a draft that is kept.</summary>
    public const int DraftLength = QuestionLength;

    /// <summary>Characters of a conversation's title.</summary>
    public const int TitleLength = 120;

    /// <summary>Characters of one tool call's arguments.</summary>
    public const int ArgumentsLength = 8_000;

    /// <summary>Characters of one tool's output as the model and the card see it.</summary>
    public const int ToolOutputLength = 24_000;

    /// <summary>Messages of a conversation that a model is shown.</summary>
    public const int HistoryMessages = 40;

    /// <summary>Characters of history that a model is shown; older messages are left out first.</summary>
    public const int HistoryLength = 120_000;

    /// <summary>Messages of one conversation.</summary>
    public const int MessagesPerConversation = 1_000;

    /// <summary>Conversations kept per user (K02); the privacy page takes its figure from here. What falls out goes with its messages.</summary>
    public const int ConversationsPerUser = 1_000;

    /// <summary>Answers that one user may have growing at once.</summary>
    public const int RunsPerUser = 3;

    /// <summary>Answers that this process lets grow at once.</summary>
    public const int RunsPerProcess = 128;

    /// <summary>Subscribers of one answer: open tabs.</summary>
    public const int SubscribersPerRun = 32;

    /// <summary>Updates between the reader of the provider's stream and the flusher.</summary>
    public const int PendingUpdates = 512;

    /// <summary>Output tokens asked of a model per call.</summary>
    public const int OutputTokens = 4_096;

    /// <summary>Tries of one call, the first included; only before its first token.</summary>
    public const int Tries = 3;

    /// <summary>Time for a whole answer.</summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromMinutes(5);

    /// <summary>Time for one tool call.</summary>
    public static readonly TimeSpan ToolTime = TimeSpan.FromSeconds(40);

    /// <summary>Time until the provider's first update.</summary>
    public static readonly TimeSpan FirstTokenTime = TimeSpan.FromSeconds(60);

    /// <summary>Time between two updates of the provider.</summary>
    public static readonly TimeSpan StallTime = TimeSpan.FromSeconds(45);

    /// <summary>A provider that asks for a longer wait is not waited for: the person decides.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    /// <summary>Between two flushes to the tabs; the first token and the first after a pause go at once (performance (b)).</summary>
    public static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest time that received text is not in the database (R10).</summary>
    public static readonly TimeSpan CheckpointEvery = TimeSpan.FromSeconds(1);

    /// <summary>Most characters that are not in the database (R10: 2 KB).</summary>
    public const int CheckpointLength = 2_048;

    /// <summary>How often it is looked whether those whose answers grow may still have them.</summary>
    public static readonly TimeSpan RunWatchEvery = TimeSpan.FromSeconds(2);

    /// <summary>How long a running answer's row holds without a renewal before it counts as interrupted.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>How often a running answer renews its lease, and how often expired ones are looked for.</summary>
    public static readonly TimeSpan LeaseRenewal = TimeSpan.FromSeconds(15);
}
