using Anycast.Core.Common;

namespace Anycast.Core.ApiTokens;

/// <summary>A personal access token for one team (D22). Only its hash is kept; it ends 30 days after it was made (S05, K05).</summary>
public sealed class ApiToken
{
    [Classified(DataClass.Technical)]
    public Guid Id { get; set; }

    [Classified(DataClass.Technical)]
    public Guid UserId { get; set; }

    [Classified(DataClass.Technical)]
    public Guid TeamId { get; set; }

    [Classified(DataClass.Content)]
    public string Name { get; set; } = "";

    [Classified(DataClass.Credential)]
    public string Hash { get; set; } = "";

    /// <summary>The last four characters, to recognise it by.</summary>
    [Classified(DataClass.Technical)]
    public string Ending { get; set; } = "";

    [Classified(DataClass.Access)]
    public ApiScopes Scopes { get; set; }

    [Classified(DataClass.Access)]
    public DateTimeOffset CreatedAt { get; set; }

    [Classified(DataClass.Access)]
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Last use, at most a minute late.</summary>
    [Classified(DataClass.Connection)]
    public DateTimeOffset? LastUsedAt { get; set; }

    [Classified(DataClass.Connection)]
    public string? LastUsedIp { get; set; }

    /// <summary>How many of the warnings before the end (7 days, 1 day) were given.</summary>
    [Classified(DataClass.Technical)]
    public int Warnings { get; set; }
}
