using System.Collections.Concurrent;

namespace Anycast.Core.Agents;

/// <summary>The last refusal of an agent that named a cluster, for the page that waits for it.</summary>
public sealed record EnrolmentRefusal(string Code, DateTimeOffset At);

/// <summary>Tells waiting pages why their agent did not get in; a page that opens later asks for the last refusal. In memory: the next attempt tells again.</summary>
public sealed class EnrolmentWatch
{
    private readonly ConcurrentDictionary<Guid, EnrolmentRefusal> _last = new();

    public event Action<Guid, EnrolmentRefusal>? Refused;

    /// <summary>The last refusal for a cluster, or null.</summary>
    public EnrolmentRefusal? Last(Guid clusterId) => _last.GetValueOrDefault(clusterId);

    internal void Report(Guid clusterId, string code, DateTimeOffset at)
    {
        if (_last.Count > 1000)
        {
            _last.Clear();
        }

        var refusal = new EnrolmentRefusal(code, at);
        _last[clusterId] = refusal;
        Refused?.Invoke(clusterId, refusal);
    }

    /// <summary>A new token was made, or an agent got in: what was refused before is over.</summary>
    internal void Forget(Guid clusterId) => _last.TryRemove(clusterId, out _);
}
