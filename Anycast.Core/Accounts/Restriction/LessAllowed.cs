namespace Anycast.Core.Accounts.Restriction;

/// <summary>
/// Tells this process at once that somebody may do less than a moment ago (restricted, blocked, out of a team), so that what runs for them is looked at.
/// Other replicas are not told: they look by themselves within seconds.
/// </summary>
public sealed class LessAllowed
{
    /// <summary>Handlers must be short and hand over to their own thread.</summary>
    internal event Action? Happened;

    /// <summary>To be called after the commit of what took it away.</summary>
    internal void Tell() => Happened?.Invoke();
}
