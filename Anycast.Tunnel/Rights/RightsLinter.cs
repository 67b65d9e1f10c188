namespace Anycast.Tunnel.Rights;

/// <summary>
/// Finds rights beyond what the agent needs (S07). The agent runs it over its real rights, the tests over every rendered role. Stricter than
/// public linters: on subresources like <c>pods/exec</c> any verb counts, because <c>get</c> alone already executes before Kubernetes 1.35.
/// </summary>
public static class RightsLinter
{
    /// <summary>Name of the agent's own credential Secret, the one Secret it may patch.</summary>
    public const string CredentialSecret = "cluster-agent-credential";

    private static readonly HashSet<string> s_readVerbs = new(StringComparer.Ordinal) { "get", "list", "watch" };

    // Whoever holds one of these, with whatever verb, reads or runs what workloads keep to themselves.
    private static readonly Dictionary<string, string> s_anyVerb = new(StringComparer.Ordinal)
    {
        ["/configmaps"] = "configmaps",
        ["/pods/log"] = "logs",
        ["/pods/exec"] = "exec",
        ["/pods/attach"] = "exec",
        ["/pods/portforward"] = "exec",
        ["/pods/proxy"] = "exec",
        ["/pods/ephemeralcontainers"] = "exec",
        ["/services/proxy"] = "exec",
        ["/nodes/proxy"] = "exec",
        ["/nodes/log"] = "logs",
        ["/serviceaccounts/token"] = "identity",
        ["/podtemplates"] = "templates",
        ["apps/controllerrevisions"] = "templates",
        ["certificates.k8s.io/certificatesigningrequests"] = "identity",
        ["certificates.k8s.io/certificatesigningrequests/approval"] = "identity",
        ["certificates.k8s.io/signers"] = "identity",
    };

    private static readonly HashSet<string> s_identityVerbs = new(StringComparer.Ordinal) { "escalate", "bind", "impersonate", "approve", "sign" };

    /// <summary>All rights in <paramref name="rules"/> that the default role does not hold and that give access to data, identities or changes.</summary>
    public static IReadOnlyList<ExcessRight> Check(IEnumerable<RoleRule> rules)
    {
        var found = new HashSet<ExcessRight>();
        foreach (var rule in rules)
        {
            foreach (var verb in rule.Verbs)
            {
                foreach (var url in rule.NonResourceUrls)
                {
                    CheckUrl(url, verb, found);
                }

                foreach (var resource in rule.Groups.SelectMany(g => rule.Resources.Select(r => $"{g}/{r}")))
                {
                    CheckResource(resource, verb, rule.Names, found);
                }
            }
        }

        return [.. found.OrderBy(f => f.Code, StringComparer.Ordinal).ThenBy(f => f.Resource, StringComparer.Ordinal)];
    }

    private static void CheckUrl(string url, string verb, HashSet<ExcessRight> found)
    {
        // Discovery, health and version are open to everybody; the keys that tokens are checked with, which are public, to every service
        // account (default roles system:discovery, system:public-info-viewer and system:service-account-issuer-discovery).
        var open = url is "/.well-known/openid-configuration" or "/.well-known/openid-configuration/" or "/openid/v1/jwks" or "/openid/v1/jwks/" or "/api" or "/api/*" or "/apis" or "/apis/*" or "/healthz" or "/livez" or "/readyz" or "/openapi" or "/openapi/*" or "/version" or "/version/";
        if (!open || verb is not ("get" or "head"))
        {
            found.Add(new ExcessRight("url", url, verb));
        }
    }

    private static void CheckResource(string resource, string verb, IReadOnlyList<string> names, HashSet<ExcessRight> found)
    {
        if (verb == "*" || resource.Contains('*'))
        {
            found.Add(new ExcessRight("wildcard", resource, verb));
        }
        else if (s_identityVerbs.Contains(verb))
        {
            found.Add(new ExcessRight("identity", resource, verb));
        }
        else if (resource == "/secrets")
        {
            if (verb != "patch" || names is not [CredentialSecret])
            {
                found.Add(new ExcessRight("secrets", resource, verb));
            }
        }
        else if (s_anyVerb.TryGetValue(resource, out var code))
        {
            found.Add(new ExcessRight(code, resource, verb));
        }
        else if (!s_readVerbs.Contains(verb) && !IsHarmlessWrite(resource, verb, names))
        {
            found.Add(new ExcessRight(WriteCode(resource), resource, verb));
        }
    }

    /// <summary>Reviews of one's own rights, which every authenticated identity may ask for, and the agent's own lease.</summary>
    private static bool IsHarmlessWrite(string resource, string verb, IReadOnlyList<string> names) =>
        (verb == "create" && resource is "authorization.k8s.io/selfsubjectaccessreviews" or "authorization.k8s.io/selfsubjectrulesreviews" or "authentication.k8s.io/selfsubjectreviews")
        || (resource == "coordination.k8s.io/leases" && verb is "update" or "patch" && names is ["cluster-agent-leader"]);

    private static string WriteCode(string resource) => resource switch
    {
        _ when resource.StartsWith("rbac.authorization.k8s.io/", StringComparison.Ordinal) => "rbac_write",
        _ when resource.StartsWith("admissionregistration.k8s.io/", StringComparison.Ordinal) => "admission_write",
        _ when resource.StartsWith("apiextensions.k8s.io/", StringComparison.Ordinal) => "admission_write",
        "/nodes" or "/nodes/status" or "/pods/eviction" => "node_write",
        "/namespaces" or "/persistentvolumes" or "/namespaces/finalize" => "cluster_write",
        _ => "workload_write",
    };
}
