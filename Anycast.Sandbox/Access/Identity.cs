namespace Anycast.Sandbox.Access;

/// <summary>Who a request comes from.</summary>
/// <param name="Name">User name, as RBAC subjects name it.</param>
/// <param name="Groups">Groups, <c>system:authenticated</c> among them.</param>
public sealed record Identity(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>The person with all rights.</summary>
    public static Identity Admin { get; } = new("sandbox-admin", ["system:masters", "system:authenticated"]);

    /// <summary>The agent's service account.</summary>
    public static Identity Agent { get; } = ServiceAccount("anycast-system", "cluster-agent");

    /// <summary>True for members of <c>system:masters</c>, whom no rule binds.</summary>
    public bool IsMaster => Groups.Contains("system:masters");

    /// <summary>The identity of a service account.</summary>
    public static Identity ServiceAccount(string ns, string name) =>
        new($"system:serviceaccount:{ns}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"]);

    /// <summary>The identity behind a user name, for impersonation and access reviews.</summary>
    public static Identity Named(string name, IEnumerable<string> groups)
    {
        var parts = name.Split(':');
        return parts is ["system", "serviceaccount", var ns, var account] ? ServiceAccount(ns, account)
            : name == Admin.Name ? Admin
            : new Identity(name, [.. groups, "system:authenticated"]);
    }
}
