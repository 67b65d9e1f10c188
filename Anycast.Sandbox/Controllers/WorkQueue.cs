using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Controllers;

/// <summary>One object to look at by one controller.</summary>
internal readonly record struct WorkItem(IController Controller, ObjectKey Key);

/// <summary>
/// What is due when. An item stands in it once: a later wish for the same item yields to an earlier one, since every look at an
/// object reconsiders all of it.
/// </summary>
internal sealed class WorkQueue(SimulatedTime time)
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<WorkItem, (DateTimeOffset Due, long Order)> _queue = new();
    private readonly Dictionary<WorkItem, DateTimeOffset> _due = [];
    private long _order;

    /// <summary>Raised when something was added: a sleeping loop looks again.</summary>
    public event Action? Added;

    public void Add(IController controller, ObjectKey key, TimeSpan delay = default)
    {
        var item = new WorkItem(controller, key);
        var due = time.Now + delay;
        lock (_gate)
        {
            if (_due.TryGetValue(item, out var earlier) && earlier <= due)
            {
                return;
            }

            _due[item] = due;
            _queue.Enqueue(item, (due, ++_order));
        }

        Added?.Invoke();
    }

    /// <summary>Takes the next item due by <paramref name="until"/>, and when it was due.</summary>
    public bool TryTake(DateTimeOffset until, out WorkItem item, out DateTimeOffset due)
    {
        lock (_gate)
        {
            while (_queue.TryPeek(out item, out var priority))
            {
                due = priority.Due;
                if (due > until)
                {
                    return false;
                }

                _queue.Dequeue();
                if (_due.TryGetValue(item, out var current) && current == due)
                {
                    _due.Remove(item);
                    return true;
                }
            }

            (item, due) = (default, default);
            return false;
        }
    }

    /// <summary>When the next item is due; null when there is none.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _queue.TryPeek(out _, out var priority) ? priority.Due : null;
            }
        }
    }
}
