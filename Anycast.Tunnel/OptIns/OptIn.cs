namespace Anycast.Tunnel.OptIns;

/// <summary>What a customer may allow beyond the default, for a time and for named namespaces.</summary>
public enum OptInKind
{
    /// <summary>Read what containers log.</summary>
    Logs = 1,

    /// <summary>Scale and restart workloads by approved proposals, where the agent was not installed to carry out proposals.</summary>
    ScaleRestart = 2,

    /// <summary>Read keys and values of ConfigMaps.</summary>
    ConfigData = 3,
}

/// <summary>One part of the customer's <c>AgentOptIn</c> object, as the agent read it.</summary>
/// <param name="Kind">What is allowed.</param>
/// <param name="Namespaces">Where.</param>
/// <param name="ExpiresAt">Until when.</param>
public sealed record OptIn(OptInKind Kind, IReadOnlyList<string> Namespaces, DateTimeOffset ExpiresAt)
{
    /// <summary>True until it expires.</summary>
    public bool IsInForce(DateTimeOffset now) => ExpiresAt > now;
}

/// <summary>The customer's object: where it is, and what bounds it.</summary>
public static class OptInObject
{
    public const string Group = "agent.anycast.io";

    public const string Version = "v1";

    public const string Plural = "agentoptins";

    /// <summary>The one name that the agent's role may read.</summary>
    public const string Name = "default";

    /// <summary>No opt-in holds longer than this from now; one that says so holds not at all.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>Namespaces of one opt-in.</summary>
    public const int MostNamespaces = 50;

    /// <summary>The field of the object's <c>spec</c> for a kind.</summary>
    public static string Field(OptInKind kind) => kind switch
    {
        OptInKind.Logs => "logs",
        OptInKind.ScaleRestart => "scaleRestart",
        OptInKind.ConfigData => "configData",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
