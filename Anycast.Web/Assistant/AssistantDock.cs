namespace Anycast.Web.Assistant;

/// <summary>The chat panel at the right of any page: whether it is open, and about what. One per circuit.</summary>
public sealed class AssistantDock
{
    /// <summary>Raised when it opens, closes or is asked about something else.</summary>
    public event Action? Changed;

    public bool IsOpen { get; private set; }

    /// <summary>Slug of the team.</summary>
    public string Team { get; private set; } = "";

    /// <summary>Slug of the cluster, or null.</summary>
    public string? Cluster { get; private set; }

    /// <summary>The object, as <c>Deployment/shop/checkout</c>, or null.</summary>
    public string? About { get; private set; }

    /// <summary>Grows with each opening: a new question begins a new conversation.</summary>
    public int Opening { get; private set; }

    public void Open(string team, string? cluster, string? about)
    {
        (Team, Cluster, About, IsOpen) = (team, cluster, about, true);
        Opening++;
        Changed?.Invoke();
    }

    public void Close()
    {
        IsOpen = false;
        Changed?.Invoke();
    }
}
