namespace Anycast.Web.Hosting.Circuits;

/// <summary>
/// A token bucket of one connection's events. An event over it waits for its turn and is neither dropped nor a reason to close: dropped keystrokes
/// would lose what a person typed, and a stuck key would close the page of whoever has it. The hub takes one message of a connection after the
/// other, so the wait holds back the sender alone, by the back-pressure of its own socket.
/// </summary>
internal sealed class EventPace(int burst, int perSecond, TimeProvider clock)
{
    private double _tokens = burst;
    private long _at = clock.GetTimestamp();

    /// <summary>Takes a token; returns how long to wait for it. Called for one message after the other.</summary>
    public TimeSpan Take()
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond)) - 1;
        _at = now;
        return _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / perSecond);
    }
}
