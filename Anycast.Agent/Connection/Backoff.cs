namespace Anycast.Agent.Connection;

/// <summary>
/// Full-jitter back-off: base 1 s, cap 60 s, begun anew only after a connection was stable for 60 s, so that a fleet of agents
/// does not return all at once after a restart of the service.
/// </summary>
internal sealed class Backoff(TimeProvider clock)
{
    private static readonly TimeSpan Base = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Cap = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(60);
    private int failures;
    private long connectedAt;

    /// <summary>A connection was made.</summary>
    public void Connected() => connectedAt = clock.GetTimestamp();

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan Next()
    {
        if (connectedAt != 0 && clock.GetElapsedTime(connectedAt) >= Stable)
        {
            failures = 0;
        }

        connectedAt = 0;
        var most = Math.Min(Cap.TotalSeconds, Base.TotalSeconds * Math.Pow(2, Math.Min(failures, 10)));
        failures++;
#pragma warning disable CA5394 // Jitter needs no secrecy.
        return TimeSpan.FromSeconds(Random.Shared.NextDouble() * most);
#pragma warning restore CA5394
    }
}
