namespace Anycast.Core.Agents;

/// <summary>
/// Lets at most <see cref="AgentLimits.ConnectsPerSecond"/> agents in within any second. Only agents that have proven an enrolled key come this far,
/// so that a stranger can't use the places up.
/// </summary>
public sealed class ConnectGate(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Queue<long> _passed = new(AgentLimits.ConnectsPerSecond);

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
}
