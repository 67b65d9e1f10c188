namespace Anycast.Tunnel;

/// <summary>What a path of the Kubernetes API names, for whoever wrote the path itself; the agent's law reads with a parser of its own, which refuses.</summary>
/// <param name="Kind">The kind, null when it is none of <see cref="ResourceKinds"/>.</param>
/// <param name="Namespace">Namespace, empty for all or none.</param>
/// <param name="Name">Name of one object, empty for a list.</param>
public sealed record ResourcePath(ResourceKind? Kind, string Namespace, string Name)
{
    /// <summary>Reads <c>/api/v1/…</c> or <c>/apis/{group}/{version}/…</c>; a query is ignored.</summary>
    public static ResourcePath Parse(string pathAndQuery)
    {
        var path = pathAndQuery.Split('?')[0].Split('/');
        var (group, version, rest) = path is ["", "apis", var g, var v, .. var inGroup] ? (g, v, inGroup) : path is ["", "api", var core, .. var inCore] ? ("", core, inCore) : ("", "", []);
        var inNamespace = rest is ["namespaces", _, _, ..];
        var parts = inNamespace ? rest[2..] : rest;
        return new ResourcePath(
            parts.Length > 0 ? ResourceKinds.ByPlural(group, version, parts[0]) : null,
            inNamespace ? rest[1] : "",
            parts.Length > 1 ? parts[1] : "");
    }
}
