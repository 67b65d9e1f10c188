namespace Anycast.Core.Common;

/// <summary>Roles on the whole platform (DESIGN §6). Team roles are separate.</summary>
[Flags]
public enum PlatformRoles
{
    User = 0,
    Author = 1,
    Support = 2,
    Operator = 4,
}

/// <summary>What kind of caller acts.</summary>
public enum ActorKind
{
    Anonymous = 0,
    User = 1,
    ApiToken = 2,
    System = 3,
}

/// <summary>What an API token may be used for (D22). Its owner's role in the team limits it further.</summary>
[Flags]
public enum ApiScopes
{
    None = 0,

    /// <summary>See the team.</summary>
    Read = 1,

    /// <summary>Change what the role may change.</summary>
    Write = 2,

    /// <summary>Use the assistant.</summary>
    Assistant = 4,

    /// <summary>Reach the team's clusters.</summary>
    Clusters = 8,

    All = Read | Write | Assistant | Clusters,
}

/// <summary>
/// Who is calling. Always an argument, never ambient: the same method serves a circuit, the API, MCP and a job.
/// It says who, not what they may do in a team: membership is read from the database at each call.
/// </summary>
public sealed record Actor
{
    /// <summary>Nobody signed in.</summary>
    public static readonly Actor Anonymous = new() { Kind = ActorKind.Anonymous, UserId = Guid.Empty, Name = "", Email = "" };

    public required ActorKind Kind { get; init; }
    public required Guid UserId { get; init; }
    public required string Name { get; init; }
    public required string Email { get; init; }
    public PlatformRoles Roles { get; init; }

    /// <summary>The server-side session, when a person acts in a browser.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>The token that acts, when one does.</summary>
    public Guid? TokenId { get; init; }

    /// <summary>The one team a token is good for.</summary>
    public Guid? TokenTeamId { get; init; }

    /// <summary>What a token may be used for.</summary>
    public ApiScopes Scopes { get; init; }

    /// <summary>The answer of the assistant for which the call is made; what leaves a cluster for it is listed under it.</summary>
    public Guid? RunId { get; init; }

    /// <summary>The caller's address as seen behind known proxies; kept in the activity log (D14).</summary>
    public string? Ip { get; init; }

    /// <summary>Browser and system in words, e.g. <c>Firefox on Linux</c> (D23).</summary>
    public string? Device { get; init; }

    public bool IsUser => Kind is ActorKind.User or ActorKind.ApiToken;

    public bool IsOperator => IsUser && Roles.HasFlag(PlatformRoles.Operator);

    /// <summary>The service itself, in a job named by <paramref name="job"/>. Has no rights in any team.</summary>
    public static Actor System(string job) => new() { Kind = ActorKind.System, UserId = Guid.Empty, Name = job, Email = "" };
}
