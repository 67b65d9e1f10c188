namespace Anycast.Tests.Harness;

/// <summary>The real clock with an offset that a test moves: timers run as ever, and ten minutes can pass at once.</summary>
public sealed class ShiftedClock : TimeProvider
{
    private long _offset;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);
}
