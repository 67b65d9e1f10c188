using System.Buffers;
using System.Text;
using Anycast.Tunnel;

namespace Anycast.Agent.Policy;

/// <summary>One read that the agent's law allows. Its target is built from these parts, never copied from the request.</summary>
/// <param name="Resource">The kind.</param>
/// <param name="Namespace">Namespace, or null for all or for cluster-scoped kinds.</param>
/// <param name="Name">Name of one object, or null for a list.</param>
/// <param name="Query">The allowed parameters, encoded again, with their question mark; or empty.</param>
public sealed record AllowedRead(ResourceKind Resource, string? Namespace, string? Name, string Query)
{
    /// <summary>Path and query for the API server.</summary>
    public string Target => Resource.CollectionPath(Namespace) + (Name is null ? "" : "/" + Name) + Query;
}

/// <summary>
/// The agent's own law, compiled in, default deny: which verb, group, version, resource, subresource and query parameters may
/// reach the API server. The service can't widen it. Paths are parsed into parts and names checked against Kubernetes' grammar
/// (RFC 1123 subdomains); there is no percent-decoding of paths, so an escape is refused as such.
/// </summary>
public static class AccessPolicy
{
    private const int MaxTarget = 8 * 1024;
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-.");
    private static readonly SearchValues<char> SelectorCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/=!,() ");
    private static readonly SearchValues<char> ContinueCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/.");

    private static readonly string[] FieldNames =
    [
        "metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "type", "reason", "involvedObject.kind", "involvedObject.name", "involvedObject.namespace",
        "involvedObject.uid", "regarding.kind", "regarding.name", "regarding.namespace", "regarding.uid",
    ];

    /// <summary>Parses <c>/api/v1/…</c> or <c>/apis/{group}/{version}/…</c> with its query.</summary>
    /// <returns>Null when it is not allowed.</returns>
    public static AllowedRead? Read(string target)
    {
        if (target.Length > MaxTarget)
        {
            return null;
        }

        var question = target.IndexOf('?', StringComparison.Ordinal);
        var parts = (question < 0 ? target : target[..question]).Split('/');
        if (parts.Length < 4 || parts[0].Length > 0)
        {
            return null;
        }

        var (group, version, from) = parts[1] switch
        {
            "api" => ("", parts[2], 3),
            "apis" when parts.Length > 4 => (parts[2], parts[3], 4),
            _ => ("", "", parts.Length),
        };
        var rest = parts.AsSpan(from);
        string? ns = null;
        if (rest.Length >= 3 && rest[0] == "namespaces")
        {
            ns = rest[1];
            rest = rest[2..];
        }

        if (rest.Length is 0 or > 2 || ResourceKinds.ByPlural(group, version, rest[0]) is not { } kind)
        {
            return null;
        }

        var name = rest.Length == 2 ? rest[1] : null;
        if ((ns is not null && (!kind.Namespaced || !IsLabel(ns))) || (name is not null && ((kind.Namespaced && ns is null) || !IsName(name))))
        {
            return null;
        }

        var query = Query(question < 0 ? "" : target[(question + 1)..], isList: name is null);
        return query is null ? null : new AllowedRead(kind, ns, name, query);
    }

    /// <summary>A DNS label: what a namespace's name must be.</summary>
    public static bool IsLabel(string text) => text.Length <= 63 && IsName(text) && !text.Contains('.', StringComparison.Ordinal);

    /// <summary>A DNS subdomain: what an object's name must be.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= 253 && text.AsSpan().IndexOfAnyExcept(NameCharacters) < 0
        && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]) && !text.Contains("..", StringComparison.Ordinal);

    private static string? Query(string query, bool isList)
    {
        if (query.Length == 0)
        {
            return "";
        }

        var output = new StringBuilder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in query.Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                return null;
            }

            var name = pair[..equals];
            var value = Uri.UnescapeDataString(pair[(equals + 1)..].Replace('+', ' '));
            if (!isList || !seen.Add(name) || !Allowed(name, value))
            {
                return null;
            }

            // KubernetesClient says of each list that it is no watch; the agent's own calls need not.
            if (name == "watch")
            {
                continue;
            }

            output.Append(output.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return output.ToString();
    }

    private static bool Allowed(string name, string value) => name switch
    {
        "limit" => value.Length is > 0 and <= 5 && value.All(char.IsAsciiDigit),
        "continue" => value.Length is > 0 and <= 4096 && value.AsSpan().IndexOfAnyExcept(ContinueCharacters) < 0,
        "labelSelector" => value.Length <= 1024 && value.AsSpan().IndexOfAnyExcept(SelectorCharacters) < 0,
        "fieldSelector" => value.Length <= 1024 && value.AsSpan().IndexOfAnyExcept(SelectorCharacters) < 0 && value.Split(',').All(IsFieldTerm),
        "watch" => value.Equals("false", StringComparison.OrdinalIgnoreCase),
        "resourceVersion" => value.Length <= 20 && value.All(char.IsAsciiDigit),
        _ => false,
    };

    private static bool IsFieldTerm(string term)
    {
        var equals = term.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && FieldNames.Contains(term[..equals].TrimEnd('!'), StringComparer.Ordinal);
    }
}
