using System.Collections.Concurrent;

namespace Anycast.Web.Hosting.Circuits;

/// <summary>
/// Counts the circuits of each person on this replica, from the moment one begins until its services are disposed. A tab that lost its connection
/// keeps its circuit for minutes, and counts until then: its memory is held.
/// </summary>
internal sealed class CircuitSeats(TimeProvider clock)
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<string, int> _taken = new(StringComparer.Ordinal);

    /// <summary>How many circuits somebody has.</summary>
    public int Count(string person) => _taken.GetValueOrDefault(person);

    /// <summary>A seat, as soon as one is free within the time; null when none is.</summary>
    public async Task<CircuitSeat?> TakeAsync(string person, int most, TimeSpan within, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while (true)
        {
            if (TryTake(person, most))
            {
                return new CircuitSeat(() => _taken.AddOrUpdate(person, 0, (_, n) => n - 1));
            }

            if (clock.GetElapsedTime(began) >= within)
            {
                return null;
            }

            await Task.Delay(s_look, clock, ct);
        }
    }

    private bool TryTake(string person, int most)
    {
        while (true)
        {
            var taken = _taken.GetOrAdd(person, 0);
            if (taken >= most)
            {
                return false;
            }

            if (_taken.TryUpdate(person, taken + 1, taken))
            {
                Forget();
                return true;
            }
        }
    }

    /// <summary>Whoever has none is not kept: the list is as long as there are people here.</summary>
    private void Forget()
    {
        if (_taken.Count <= 1000)
        {
            return;
        }

        foreach (var entry in _taken.Where(e => e.Value == 0))
        {
            _taken.TryRemove(entry);
        }
    }
}

/// <summary>One circuit's place in the count; given back once, however often that is said.</summary>
internal sealed class CircuitSeat(Action free) : IDisposable
{
    /// <summary>The seat of the circuit that is being made: the framework makes its services within the call that opens it.</summary>
    public static readonly AsyncLocal<CircuitSeat?> Opening = new();

    private Action? _free = free;

    public void Dispose() => Interlocked.Exchange(ref _free, null)?.Invoke();
}
