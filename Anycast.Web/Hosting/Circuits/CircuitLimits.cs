namespace Anycast.Web.Hosting.Circuits;

/// <summary>What one person's browsers may ask of one process (T13). Section <c>Anycast:Circuits</c>.</summary>
public sealed class CircuitLimits
{
    public const string Section = "Anycast:Circuits";

    /// <summary>The largest message of a browser; SignalR ends the connection of a larger one.</summary>
    public const int LargestMessage = 32 * 1024;

    /// <summary>Open pages of one person.</summary>
    public int PerPerson { get; set; } = 10;

    /// <summary>Open pages of all who are not signed in and share a network: an office may sit behind one address.</summary>
    public int PerNetwork { get; set; } = 100;

    /// <summary>Events of one page that are handled at once before the pace counts.</summary>
    public int EventBurst { get; set; } = 500;

    /// <summary>Events of one page a second beyond the burst; a held key repeats about 30 times, a moving pointer about 60.</summary>
    public int EventsPerSecond { get; set; } = 100;

    /// <summary>How long a page waits for another of the same person to close: a reload opens the new one while the old one still goes.</summary>
    public TimeSpan WaitForSeat { get; set; } = TimeSpan.FromSeconds(3);
}
