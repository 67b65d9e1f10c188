using System.Collections.Immutable;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Serving;

/// <summary>What a fault does to the requests it matches.</summary>
public sealed record Fault
{
    /// <summary>Which requests; every one when null.</summary>
    public Func<RecordedRequest, bool>? Matches { get; init; }

    /// <summary>Wait this long before answering.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Never answer; the request ends when its client gives up or the fault is lifted.</summary>
    public bool Stall { get; init; }

    /// <summary>Answer with this status (403, 429, 500, 503 …) instead.</summary>
    public int? Status { get; init; }

    /// <summary>Cut the connection after this many bytes of the body.</summary>
    public int? TruncateAfter { get; init; }

    /// <summary>Lift the fault after it was met this often; 0 for never.</summary>
    public int Times { get; init; }
}

/// <summary>Switches with which tests make the API server slow, silent, broken or forgetful.</summary>
public sealed class FaultSwitches
{
    private readonly ObjectStore _store;
    private ImmutableList<Active> _active = [];

    internal FaultSwitches(ObjectStore store)
    {
        _store = store;
    }

    /// <summary>Switches a fault on; disposing the result lifts it and lets stalled requests go on.</summary>
    public IDisposable Add(Fault fault)
    {
        var active = new Active(this, fault);
        ImmutableInterlocked.Update(ref _active, list => list.Add(active));
        return active;
    }

    /// <summary>Answers matching requests with an HTTP error as metav1.Status.</summary>
    public IDisposable Fail(int status, Func<RecordedRequest, bool>? matches = null, int times = 0) =>
        Add(new Fault { Status = status, Matches = matches, Times = times });

    /// <summary>Answers matching requests late.</summary>
    public IDisposable Delay(TimeSpan delay, Func<RecordedRequest, bool>? matches = null) => Add(new Fault { Delay = delay, Matches = matches });

    /// <summary>Leaves matching requests without an answer.</summary>
    public IDisposable Stall(Func<RecordedRequest, bool>? matches = null) => Add(new Fault { Stall = true, Matches = matches });

    /// <summary>Lifts all faults.</summary>
    public void Clear()
    {
        foreach (var active in _active)
        {
            active.Dispose();
        }
    }

    /// <summary>Ends every watch that is open now.</summary>
    public void DropWatches() => _store.DropWatchers();

    /// <summary>Makes every resource version handed out so far too old: watches and continue tokens answer 410.</summary>
    public void ExpireResourceVersions() => _store.ExpireHistory();

    internal Fault? Meet(RecordedRequest request, out CancellationToken lifted)
    {
        foreach (var active in _active)
        {
            if (active.Fault.Matches?.Invoke(request) != false)
            {
                lifted = active.Lifted;
                active.Count();
                return active.Fault;
            }
        }

        lifted = default;
        return null;
    }

    private sealed class Active(FaultSwitches owner, Fault fault) : IDisposable
    {
        private readonly CancellationTokenSource _lifted = new();
        private int _count;

        public Fault Fault => fault;

        public CancellationToken Lifted => _lifted.Token;

        public void Count()
        {
            if (fault.Times > 0 && Interlocked.Increment(ref _count) >= fault.Times)
            {
                Remove();
            }
        }

        public void Dispose()
        {
            Remove();
            _lifted.Cancel();
        }

        private void Remove() => ImmutableInterlocked.Update(ref owner._active, list => list.Remove(this));
    }
}
