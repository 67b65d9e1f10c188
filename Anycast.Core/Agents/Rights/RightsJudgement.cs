using Anycast.Core.Clusters;
using Anycast.Tunnel;
using Anycast.Tunnel.Operations;
using Anycast.Tunnel.OptIns;
using Anycast.Tunnel.Rights;

namespace Anycast.Core.Agents.Rights;

/// <summary>Turns what an API server says into what a person wants to know: what the agent reads, what it can change, what it cannot, and what is too much.</summary>
public static class RightsJudgement
{
    private static readonly string[] s_readVerbs = ["get", "list", "watch"];

    // What each sort of right means at the API server: one of these covered, and the agent is not said to be unable to.
    private static readonly (string Code, (string Group, string Resource, string Verb)[] Probes)[] s_sorts =
    [
        ("secrets", [("", "secrets", "get"), ("", "secrets", "list"), ("", "secrets", "watch")]),
        ("configmaps", [("", "configmaps", "get"), ("", "configmaps", "list"), ("", "configmaps", "watch")]),
        ("logs", [("", "pods/log", "get"), ("", "nodes/log", "get")]),
        ("exec", [("", "pods/exec", "get"), ("", "pods/exec", "create"), ("", "pods/attach", "get"), ("", "pods/portforward", "get"), ("", "nodes/proxy", "get"), ("", "services/proxy", "get")]),
        ("identity", [("", "serviceaccounts/token", "create"), ("", "users", "impersonate"), ("", "serviceaccounts", "impersonate")]),
        ("templates", [("apps", "controllerrevisions", "get"), ("apps", "controllerrevisions", "list"), ("", "podtemplates", "list")]),
        ("workload_write", [("apps", "deployments", "create"), ("apps", "deployments", "patch"), ("apps", "deployments", "delete"), ("", "pods", "create"), ("", "pods", "delete"), ("batch", "jobs", "create")]),
        ("node_write", [("", "nodes", "patch"), ("", "nodes", "update"), ("", "pods/eviction", "create")]),
        ("cluster_write", [("", "namespaces", "create"), ("", "namespaces", "delete"), ("", "persistentvolumes", "delete")]),
        ("rbac_write", [("rbac.authorization.k8s.io", "clusterrolebindings", "create"), ("rbac.authorization.k8s.io", "roles", "update")]),
        ("admission_write", [("admissionregistration.k8s.io", "validatingwebhookconfigurations", "create"), ("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "update")]),
    ];

    private static readonly Dictionary<string, string> s_topics = new(StringComparer.Ordinal)
    {
        ["Namespace"] = "cluster", ["Node"] = "cluster", ["ResourceQuota"] = "cluster", ["LimitRange"] = "cluster", ["ServiceAccount"] = "cluster", ["CustomResourceDefinition"] = "cluster",
        ["Service"] = "network", ["Ingress"] = "network", ["IngressClass"] = "network", ["NetworkPolicy"] = "network", ["EndpointSlice"] = "network",
        ["PersistentVolumeClaim"] = "storage", ["PersistentVolume"] = "storage", ["StorageClass"] = "storage", ["VolumeAttachment"] = "storage", ["CSIDriver"] = "storage", ["CSINode"] = "storage", ["PriorityClass"] = "cluster", ["ObjectInventory"] = "cluster",
        ["Event"] = "events", ["PodMetrics"] = "metrics", ["NodeMetrics"] = "metrics",
    };

    private static readonly string[] s_topicOrder = ["workloads", "network", "storage", "cluster", "events", "metrics"];

    // Carrying out a proposal is a patch of an object whose kind has leaves that may be patched; nothing else is ever sent.
    private static readonly HashSet<string> s_proposals = [.. PatchableLeaves.Kinds.Select(k => ResourceKinds.ByKind(k.Group, k.Kind)).OfType<ResourceKind>().Select(k => $"{k.Group}/{k.Plural}")];

    /// <summary>Judges a report for a cluster that was connected for <paramref name="access"/>.</summary>
    /// <param name="now">Decides which opt-ins are in force.</param>
    public static RightsView Of(RightsReport report, ClusterAccessKind access, DateTimeOffset reportedAt, DateTimeOffset now)
    {
        var everywhere = report.Scopes.FirstOrDefault(s => s.Namespace.Length == 0)?.Rules ?? [];
        var known = ResourceKinds.All.Where(k => s_readVerbs.All(v => v == "watch" && !k.HasRows || Covers(everywhere, k.Group, k.Plural, v))).ToList();
        var optIns = report.OptIns ?? [];
        var held = Held(report, access, [.. optIns.Where(o => o.IsInForce(now))]);
        var codes = held.Select(h => h.Code).ToHashSet(StringComparer.Ordinal);
        var everything = report.Scopes.SelectMany(s => s.Rules).ToList();
        return new RightsView(
            reportedAt,
            report.Complete,
            [.. known.GroupBy(k => s_topics.GetValueOrDefault(k.Kind, "workloads")).OrderBy(g => Array.IndexOf(s_topicOrder, g.Key)).Select(g => new ReadableTopic(g.Key, [.. g.Select(k => k.Kind).Distinct()]))],
            [.. ResourceKinds.WithRows.Except(known).Select(k => k.Kind)],
            held,
            report.Scopes.Count == 0 ? [] : [.. s_sorts.Where(s => !codes.Contains(s.Code) && !s.Probes.Any(p => Covers(everything, p.Group, p.Resource, p.Verb))).Select(s => s.Code)],
            AlsoReadable(everything),
            [.. optIns.Select(o => View(report, o, now))]);
    }

    private static List<HeldRight> Held(RightsReport report, ClusterAccessKind access, IReadOnlyList<OptIn> optIns) =>
        [.. report.Scopes
            .SelectMany(scope => RightsLinter.Check(scope.Rules).Select(right => (Right: right, scope.Namespace, Reason: Reason(right, scope.Namespace, access, optIns))))
            .GroupBy(x => (x.Reason, x.Right.Code))
            .Select(g => new HeldRight(
                g.Key.Code,
                g.Key.Reason,
                [.. g.Select(x => Words(x.Right)).Distinct().Order(StringComparer.Ordinal)],
                g.Any(x => x.Namespace.Length == 0) ? [] : [.. g.Select(x => x.Namespace).Distinct().Order(StringComparer.Ordinal)]))
            .OrderBy(h => h.Reason).ThenBy(h => Array.FindIndex(s_sorts, s => s.Code == h.Code))];

    private static RightReason Reason(ExcessRight right, string ns, ClusterAccessKind access, IReadOnlyList<OptIn> optIns) =>
        access == ClusterAccessKind.Propose && right.Verb == "patch" && s_proposals.Contains(right.Resource) ? RightReason.Proposals
        : optIns.Any(o => o.Namespaces.Contains(ns) && Needs(o.Kind, right.Resource, right.Verb)) ? RightReason.OptIn
        : RightReason.Excess;

    /// <summary>Whether an opt-in can do nothing without a right. Bound in the whole cluster, a right is more than any opt-in needs.</summary>
    private static bool Needs(OptInKind kind, string resource, string verb) => kind switch
    {
        OptInKind.Logs => resource == "/pods/log" && verb == "get",
        OptInKind.ConfigData => resource == "/configmaps" && verb == "get",
        OptInKind.ScaleRestart => resource is "apps/deployments" or "apps/statefulsets" or "apps/daemonsets" && verb == "patch",
        _ => false,
    };

    private static OptInView View(RightsReport report, OptIn optIn, DateTimeOffset now)
    {
        var (group, resource, verb) = optIn.Kind switch
        {
            OptInKind.Logs => ("", "pods/log", "get"),
            OptInKind.ConfigData => ("", "configmaps", "get"),
            _ => ("apps", "deployments", "patch"),
        };
        var without = optIn.Namespaces.Where(ns => !report.Scopes.Any(s => (s.Namespace.Length == 0 || s.Namespace == ns) && Covers(s.Rules, group, resource, verb))).ToList();
        return new OptInView(optIn, !optIn.IsInForce(now) ? OptInState.Expired : without.Count > 0 ? OptInState.RightMissing : OptInState.InForce, without);
    }

    /// <summary><c>patch deployments.apps</c>: as kubectl names a resource.</summary>
    private static string Words(ExcessRight right)
    {
        var slash = right.Resource.IndexOf('/', StringComparison.Ordinal);
        var (group, resource) = right.Code == "url" ? ("", right.Resource) : (right.Resource[..slash], right.Resource[(slash + 1)..]);
        return $"{right.Verb} {resource}{(group.Length == 0 ? "" : "." + group)}";
    }

    private static string[] AlsoReadable(List<RoleRule> rules)
    {
        var sensitive = s_sorts.SelectMany(s => s.Probes).Select(p => (p.Group, p.Resource)).ToHashSet();
        return [.. rules.Where(r => r.Names.Count == 0 && r.Verbs.Intersect(s_readVerbs).Any())
            .SelectMany(r => r.Groups.SelectMany(g => r.Resources.Select(p => (Group: g, Resource: p))))
            .Where(x => !x.Group.Contains('*') && !x.Resource.Contains('*') && !sensitive.Contains(x) && !ResourceKinds.All.Any(k => k.Group == x.Group && k.Plural == x.Resource))
            .Select(x => x.Group.Length == 0 ? x.Resource : $"{x.Resource}.{x.Group}").Distinct().Order(StringComparer.Ordinal)];
    }

    private static bool Covers(IEnumerable<RoleRule> rules, string group, string resource, string verb) =>
        rules.Any(r => r.Names.Count == 0 && Has(r.Verbs, verb) && Has(r.Groups, group)
            && (Has(r.Resources, resource) || (resource.Contains('/') && r.Resources.Contains("*/" + resource.Split('/')[1]))));

    private static bool Has(IReadOnlyList<string> words, string word) => words.Contains("*") || words.Contains(word);
}
