namespace Anycast.Core.Agents;

/// <summary>
/// Lets at most <see cref="AgentLimits.ConnectsPerSecond"/> agents in within any second. Only agents that have proven an enrolled key come this far,
/// so that a stranger can't use the places up.
/// </summary>
public sealed class ConnectGate(TimeProvider clock)
{
    private static readonly TimeSpan s_apart = TimeSpan.FromSeconds(1) / AgentLimits.ConnectsPerSecond;
    private readonly Lock _lock = new();
    private readonly Queue<long> _passed = new(AgentLimits.ConnectsPerSecond);
    private DateTimeOffset _next;

    /// <summary>False when this second is full.</summary>
    public bool TryPass()
    {
        var now = clock.GetTimestamp();
        lock (_lock)
        {
            if (_passed.Count == AgentLimits.ConnectsPerSecond)
            {
                if (clock.GetElapsedTime(_passed.Peek(), now) < TimeSpan.FromSeconds(1))
                {
                    return false;
                }

                _passed.Dequeue();
            }

            _passed.Enqueue(now);
            return true;
        }
    }

    /// <summary>Waits for its turn: those that waited together for a slow database do not go on all at once.</summary>
    public Task TakeTurnAsync(CancellationToken ct)
    {
        TimeSpan wait;
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var turn = now > _next ? now : _next;
            _next = turn + s_apart;
            wait = turn - now;
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, clock, ct) : Task.CompletedTask;
    }
}
