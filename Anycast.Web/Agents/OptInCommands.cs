using System.Globalization;
using Anycast.Core.Agents.Install;
using Anycast.Tunnel.OptIns;

namespace Anycast.Web.Agents;

/// <summary>
/// The commands that make or withdraw an opt-in. Made by server-side apply, each kind with a manager of its own, so that one opt-in does not
/// take another along; the right below it is bound in the same breath, and unbound with it. The policy that holds a right to less comes before the
/// right, and where it cannot be made (before Kubernetes 1.30) the rest is not.
/// </summary>
internal static class OptInCommands
{
    private const string Namespace = "anycast-system";

    /// <param name="kind">What is allowed.</param>
    /// <param name="all">Every namespace in which it is to hold afterwards.</param>
    /// <param name="added">The one in which the right is bound now.</param>
    /// <param name="expiresAt">Until when.</param>
    public static string Make(OptInKind kind, IReadOnlyList<string> all, string added, DateTimeOffset expiresAt)
    {
        var role = Role(kind);
        var rule = kind switch
        {
            OptInKind.Logs => "--verb=get --resource=pods/log",
            OptInKind.ConfigData => "--verb=get --resource=configmaps",
            _ => "--verb=patch --resource=deployments.apps,statefulsets.apps,daemonsets.apps",
        };
        var until = expiresAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var policies = AddOns.Policies(role);
        var held = policies.Length == 0 ? "" : $"kubectl apply -f - <<'EOF'\n{policies}EOF\n";
        const string Labelled = "--dry-run=client -o yaml | kubectl label --local -f - app.kubernetes.io/part-of=anycast -o yaml | kubectl apply -f -";
        return $$"""
            (set -e
            {{held}}kubectl create clusterrole cluster-agent-addon-{{role}} {{rule}} {{Labelled}}
            kubectl create rolebinding anycast-{{role}} -n {{added}} --clusterrole=cluster-agent-addon-{{role}} --serviceaccount={{Namespace}}:cluster-agent {{Labelled}}
            kubectl apply --server-side --field-manager=anycast-{{role}} -f - <<'EOF'
            apiVersion: {{OptInObject.Group}}/{{OptInObject.Version}}
            kind: AgentOptIn
            metadata: {name: {{OptInObject.Name}}, namespace: {{Namespace}}}
            spec:
              {{OptInObject.Field(kind)}}: {namespaces: [{{string.Join(", ", all)}}], expiresAt: "{{until}}"}
            EOF
            )
            """;
    }

    /// <param name="kind">What is withdrawn, in all its namespaces.</param>
    /// <param name="namespaces">Where the right below it is unbound.</param>
    public static string Withdraw(OptInKind kind, IReadOnlyList<string> namespaces)
    {
        var role = Role(kind);
        var patch = $"kubectl patch {OptInObject.Plural}.{OptInObject.Group} {OptInObject.Name} -n {Namespace} --type=merge -p '{{\"spec\":{{\"{OptInObject.Field(kind)}\":null}}}}'";
        return string.Join('\n', namespaces.Select(ns => $"kubectl delete rolebinding anycast-{role} -n {ns} --ignore-not-found").Prepend(patch));
    }

    /// <summary>The add-on's name: of its role, its bindings and its field manager.</summary>
    private static string Role(OptInKind kind) => kind switch
    {
        OptInKind.Logs => "logs",
        OptInKind.ConfigData => "configmap-data",
        _ => "scale-restart",
    };
}
