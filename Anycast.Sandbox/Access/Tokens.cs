using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Anycast.Sandbox.Access;

/// <summary>Bearer tokens and whom they stand for.</summary>
internal sealed class Tokens
{
    private readonly ConcurrentDictionary<string, Identity> _identities = new(StringComparer.Ordinal);

    public Tokens(string admin, string agent)
    {
        Admin = admin;
        Agent = agent;
        _identities[admin] = Identity.Admin;
        _identities[agent] = Identity.Agent;
    }

    public string Admin { get; }

    public string Agent { get; }

    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Adds an identity of a test.</summary>
    public string Add(Identity identity)
    {
        var token = New();
        _identities[token] = identity;
        return token;
    }

    /// <summary>Whom an Authorization header stands for; null when nobody.</summary>
    public Identity? Find(string header) =>
        header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? _identities.GetValueOrDefault(header[7..].Trim()) : null;
}
