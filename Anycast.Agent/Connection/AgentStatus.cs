namespace Anycast.Agent.Connection;

/// <summary>Whether the agent is connected, and why not; what the health port and the exit code say.</summary>
internal sealed class AgentStatus
{
    private readonly TaskCompletionSource<(string Code, string Message)> refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsConnected { get; private set; }

    /// <summary>Another replica leads: this one is as ready as it should be.</summary>
    public bool IsStandby { get; private set; }

    public string Why { get; private set; } = "Not connected yet.";

    /// <summary>Completes when the service refused the agent for good.</summary>
    public Task<(string Code, string Message)> RefusedForGood => refused.Task;

    public void Connected(string name)
    {
        Why = $"Connected as {name}.";
        IsStandby = false;
        IsConnected = true;
    }

    /// <summary>It does what it is there for, without a service.</summary>
    public void Works(string what)
    {
        Why = what;
        IsConnected = true;
    }

    public void Disconnected(string why)
    {
        IsConnected = false;
        IsStandby = false;
        Why = why;
    }

    /// <summary>This replica waits for its turn.</summary>
    public void StandsBy(string why)
    {
        IsConnected = false;
        IsStandby = true;
        Why = $"Standing by: {why}.";
    }

    public void Refused(string code, string message)
    {
        Disconnected(message);
        refused.TrySetResult((code, message));
    }
}
