namespace Anycast.Sandbox.Controllers;

/// <summary>
/// The cluster's clock. Before the sandbox is live it stands in the past and jumps from event to event, so that a cluster that
/// just started has days of history; once live it is the real clock.
/// </summary>
internal sealed class SimulatedTime(TimeProvider clock, double speed)
{
    private DateTimeOffset? _past;

    public TimeProvider Clock => clock;

    public bool IsLive => _past is null;

    public DateTimeOffset Now => _past ?? clock.GetUtcNow();

    /// <summary>A delay of the cluster's own (pull, back-off, probe) as long as it takes here: live it passes faster by the speed.</summary>
    public TimeSpan Scaled(TimeSpan delay) => IsLive && speed > 0 ? delay / speed : delay;

    public TimeSpan Scaled(double seconds) => Scaled(TimeSpan.FromSeconds(seconds));

    /// <summary>
    /// How many repetitions of something that only repeats are taken as one: while the past is played nobody watches them come,
    /// so that hours of failing probes cost little.
    /// </summary>
    public int Bundle => IsLive ? 1 : 30;

    public void TravelTo(DateTimeOffset time) => _past = time;

    public void GoLive() => _past = null;
}
