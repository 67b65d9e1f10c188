namespace Anycast.Web.Shell.Parts;

/// <summary>One clock per circuit that all relative times share, so that a page of a thousand rows has one timer.</summary>
public sealed class Ticker : IDisposable
{
    /// <summary>How often relative times are looked at.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly ITimer _timer;

    public Ticker(TimeProvider clock)
    {
        Clock = clock;
        _timer = clock.CreateTimer(_ => Ticked?.Invoke(), null, Period, Period);
    }

    /// <summary>Raised on a thread of the pool: subscribers must go through InvokeAsync.</summary>
    public event Action? Ticked;

    public TimeProvider Clock { get; }

    public void Dispose() => _timer.Dispose();
}
