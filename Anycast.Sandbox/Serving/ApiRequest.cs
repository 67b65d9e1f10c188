using Anycast.Sandbox.Access;
using Anycast.Sandbox.Kinds;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>A request, read as the API server reads it: verb, resource, namespace, name, subresource.</summary>
internal sealed record ApiRequest
{
    /// <summary>False for /version, /openapi, discovery and health.</summary>
    public bool IsResource { get; private init; }

    public string Verb { get; init; } = "";

    public string Group { get; private init; } = "";

    public string Version { get; private init; } = "";

    public string Resource { get; private init; } = "";

    public string Namespace { get; private init; } = "";

    public string Name { get; private init; } = "";

    public string Subresource { get; private init; } = "";

    /// <summary>What the resource is, when the sandbox serves it.</summary>
    public KindInfo? Kind { get; private init; }

    public string Path { get; private init; } = "";

    public Identity User { get; init; } = Identity.Admin;

    public required HttpContext Http { get; init; }

    public IQueryCollection Query => Http.Request.Query;

    public CancellationToken Aborted => Http.RequestAborted;

    public AccessAttributes Attributes => new(Verb, Group, Resource, Subresource, Namespace, Name);

    /// <summary>Takes a URL apart.</summary>
    public static ApiRequest Read(HttpContext http, KindTable kinds)
    {
        var path = http.Request.Path.Value ?? "/";
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var rest = parts switch
        {
            ["api", "v1", ..] => parts[2..],
            ["apis", _, _, ..] => parts[3..],
            _ => [],
        };
        if (rest.Length == 0)
        {
            return new ApiRequest { Http = http, Path = path, Verb = http.Request.Method.ToLowerInvariant() };
        }

        var (group, version) = parts[0] == "api" ? ("", "v1") : (parts[1], parts[2]);

        // /watch/… is the old form of ?watch=true; clients of today do not use it.
        var ns = "";
        if (rest is ["namespaces", var named, _, ..] && rest[2] is not ("status" or "finalize"))
        {
            ns = named;
            rest = rest[2..];
        }

        var kind = kinds.ByResource(group, version, rest[0]);
        var name = rest.Length > 1 ? rest[1] : "";
        if (kind == BuiltIn.Namespace && name.Length > 0)
        {
            ns = name;
        }

        return new ApiRequest
        {
            Http = http,
            Path = path,
            IsResource = true,
            Group = group,
            Version = version,
            Resource = rest[0],
            Namespace = ns,
            Name = name,
            Subresource = rest.Length > 2 ? rest[2] : "",
            Kind = kind,
            Verb = VerbOf(http.Request, name.Length > 0),
        };
    }

    /// <summary>The key of the named object.</summary>
    public Storage.ObjectKey Key => new(Kind?.Namespaced == true ? Namespace : "", Name);

    public bool Flag(string name) => Query[name].ToString() is "true" or "1";

    public bool DryRun
    {
        get
        {
            var value = Query["dryRun"].ToString();
            return value.Length == 0 ? false : value == "All" ? true : throw KubeErrors.BadRequest($"Invalid value for dryRun: \"{value}\": supported values: \"All\"");
        }
    }

    /// <summary>The field manager: the query parameter, else the first word of the user agent, as Kubernetes derives it.</summary>
    public string Manager
    {
        get
        {
            if (Query["fieldManager"].ToString() is { Length: > 0 } named)
            {
                return named;
            }

            var agent = Http.Request.Headers.UserAgent.ToString();
            var end = agent.IndexOf('/', StringComparison.Ordinal);
            return agent.Length == 0 ? "unknown" : end > 0 ? agent[..end] : agent;
        }
    }

    private static string VerbOf(HttpRequest request, bool named) => request.Method switch
    {
        "GET" or "HEAD" when request.Query["watch"].ToString() is "true" or "1" => "watch",
        "GET" or "HEAD" => named ? "get" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => named ? "delete" : "deletecollection",
        var other => other.ToLowerInvariant(),
    };
}
