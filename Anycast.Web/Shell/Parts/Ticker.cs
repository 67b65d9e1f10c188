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

    /// <summary>The zone that times are shown in; UTC while the account chose none, and the browser puts its own in place on hover.</summary>
    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    /// <summary>Shows times in another zone from now on.</summary>
    public void ShowIn(string? zone)
    {
        var wanted = zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc;
        if (wanted.Id != Zone.Id)
        {
            Zone = wanted;
            Ticked?.Invoke();
        }
    }

    public void Dispose() => _timer.Dispose();
}
