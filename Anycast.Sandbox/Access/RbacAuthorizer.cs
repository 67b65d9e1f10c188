using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Storage;

namespace Anycast.Sandbox.Access;

/// <summary>
/// Evaluates the Role, ClusterRole and Binding objects of the store, as the RBAC authorizer does
/// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/): rules only add, nothing denies.
/// </summary>
internal sealed class RbacAuthorizer(ObjectStore store)
{
    public bool IsAllowed(Identity who, AccessAttributes what) =>
        who.IsMaster || RulesFor(who, what.Namespace).Any(rule => Covers(rule, what));

    public bool IsAllowedPath(Identity who, string verb, string path) =>
        who.IsMaster || RulesFor(who, "").Any(rule => Has(rule, "verbs", verb) && rule.Strings("nonResourceURLs").Any(u => CoversPath(u, path)));

    /// <summary>All rules that hold for an identity in a namespace (empty: cluster-wide ones only).</summary>
    public IEnumerable<JsonObject> RulesFor(Identity who, string ns)
    {
        foreach (var binding in store.List(BuiltIn.ClusterRoleBinding).Where(b => Binds(b.Json, who)))
        {
            foreach (var rule in RulesOf(binding.Json.Obj("roleRef"), ""))
            {
                yield return rule;
            }
        }

        if (ns.Length == 0)
        {
            yield break;
        }

        foreach (var binding in store.List(BuiltIn.RoleBinding, ns).Where(b => Binds(b.Json, who)))
        {
            foreach (var rule in RulesOf(binding.Json.Obj("roleRef"), ns))
            {
                yield return rule;
            }
        }
    }

    private IEnumerable<JsonObject> RulesOf(JsonObject roleRef, string ns)
    {
        var role = roleRef.Str("kind") == "ClusterRole"
            ? store.Find(BuiltIn.ClusterRole, "", roleRef.Str("name"))
            : store.Find(BuiltIn.Role, ns, roleRef.Str("name"));
        return role?.Json.Items("rules") ?? [];
    }

    private static bool Binds(JsonObject binding, Identity who) => binding.Items("subjects").Any(subject => subject.Str("kind") switch
    {
        "User" => subject.Str("name") == who.Name,
        "Group" => who.Groups.Contains(subject.Str("name")),
        "ServiceAccount" => who.Name == $"system:serviceaccount:{subject.Str("namespace")}:{subject.Str("name")}",
        _ => false,
    });

    private static bool Covers(JsonObject rule, AccessAttributes what)
    {
        if (!Has(rule, "verbs", what.Verb) || !Has(rule, "apiGroups", what.Group))
        {
            return false;
        }

        var names = rule.Strings("resourceNames").ToList();
        return (names.Count == 0 || names.Contains(what.Name))
            && rule.Strings("resources").Any(r => r == "*" || r == what.FullResource || (what.Subresource.Length > 0 && r == "*/" + what.Subresource));
    }

    private static bool Has(JsonObject rule, string member, string value) => rule.Strings(member).Any(v => v == "*" || v == value);

    private static bool CoversPath(string pattern, string path) =>
        pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));
}
