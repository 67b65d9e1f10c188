namespace Anycast.Core.Agents;

/// <summary>The bounds of enrolment and connections.</summary>
public static class AgentLimits
{
    /// <summary>How long an enrolment token may be used.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(15);

    /// <summary>Keys that may be live for one cluster, so that a key can be replaced without a gap.</summary>
    public const int LiveKeys = 2;

    /// <summary>Keys shown of one cluster, ended ones included.</summary>
    public const int ListedKeys = 20;

    /// <summary>Largest public key accepted, in characters of base64.</summary>
    public const int PublicKeyLength = 400;

    /// <summary>Longest text that is looked up as an enrolment token.</summary>
    public const int TokenLength = 200;

    /// <summary>
    /// Agents that one replica lets in within a second; the others are told to come again, which they do with growing pauses. After a restart all
    /// of a replica's agents come at once, and each begins with its streams: of 500, a second brings back 4 %, or a little more where the machine stumbles.
    /// </summary>
    public const int ConnectsPerSecond = 20;

    /// <summary>How often live connections are compared with the rows, and their latency measured: a revocation on any replica cuts within 5 s.</summary>
    public static readonly TimeSpan Sweep = TimeSpan.FromSeconds(2);

    /// <summary>How often the row of a connected agent says that it lives.</summary>
    public static readonly TimeSpan SeenEvery = TimeSpan.FromMinutes(1);
}
