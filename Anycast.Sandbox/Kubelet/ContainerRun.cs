namespace Anycast.Sandbox.Kubelet;

/// <summary>Where a container stands.</summary>
internal enum RunState
{
    New = 1,
    Pulling,
    PullFailed,
    PullBackOff,
    BadName,
    ConfigError,
    Running,
    CrashBackOff,
    Done,
}

/// <summary>What a kubelet remembers of one container between two looks.</summary>
internal sealed class ContainerRun(string name)
{
    public string Name { get; } = name;

    public RunState State { get; set; } = RunState.New;

    /// <summary>When the state changes by itself; null when it does not.</summary>
    public DateTimeOffset? Next { get; set; }

    /// <summary>Why it waits, for the status and for events.</summary>
    public string Message { get; set; } = "";

    public string Image { get; set; } = "";

    public ImageFacts? Facts { get; set; }

    public int Restarts { get; set; }

    public int ImageFailures { get; set; }

    public TimeSpan CrashDelay { get; set; }

    public TimeSpan PullDelay { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? PullStarted { get; set; }

    public DateTimeOffset? PullDue { get; set; }

    /// <summary>When the process ends by itself, with what.</summary>
    public (DateTimeOffset At, int Code, string Reason)? Exit { get; set; }

    public Ended? Last { get; set; }

    /// <summary>Set once done: how it ended for good.</summary>
    public Ended? Final { get; set; }

    public string ContainerId { get; set; } = "";

    public bool Ready { get; set; }

    public bool Started { get; set; }

    public Dictionary<string, ProbeRun> Probes { get; } = new(StringComparer.Ordinal);

    /// <summary>The restart delays of Kubernetes: 10 s, doubled up to 5 minutes.</summary>
    public static TimeSpan Longer(TimeSpan delay) =>
        delay == TimeSpan.Zero ? TimeSpan.FromSeconds(10) : delay * 2 < TimeSpan.FromMinutes(5) ? delay * 2 : TimeSpan.FromMinutes(5);
}

/// <summary>How a process ended.</summary>
internal sealed record Ended(int Code, string Reason, string Message, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string ContainerId);

/// <summary>One probe of a running container.</summary>
internal sealed class ProbeRun
{
    public DateTimeOffset Next { get; set; }

    public int Successes { get; set; }

    public int Failures { get; set; }

    /// <summary>True once nothing can change its result any more.</summary>
    public bool Settled { get; set; }
}
