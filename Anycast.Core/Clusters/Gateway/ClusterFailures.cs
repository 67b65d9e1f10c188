using System.Net;
using Anycast.Core.Common;

namespace Anycast.Core.Clusters.Gateway;

/// <summary>The named ways in which asking a cluster fails. A closed set: texts, tool cards and pages switch over these codes.</summary>
public static class ClusterFailures
{
    /// <summary>No agent of the cluster is connected, or the tunnel broke during the call.</summary>
    public static readonly Failure Offline = new(FailureKind.Unavailable, "cluster.offline");

    /// <summary>No answer in time.</summary>
    public static readonly Failure Timeout = new(FailureKind.Unavailable, "cluster.timeout");

    /// <summary>The cluster's RBAC or the agent's own law does not allow it.</summary>
    public static readonly Failure Forbidden = new(FailureKind.Forbidden, "cluster.forbidden");

    /// <summary>The customer's opt-in object in the cluster does not allow it now, or the cluster's RBAC below it does not.</summary>
    public static readonly Failure NotOptedIn = new(FailureKind.Forbidden, "cluster.not_opted_in");

    /// <summary>The cluster has no such object.</summary>
    public static readonly Failure NotFound = new(FailureKind.NotFound, "cluster.not_found");

    /// <summary>The cluster says that something changed meanwhile (409), or that a list's continuation is too old (410).</summary>
    public static readonly Failure Conflict = new(FailureKind.Conflict, "cluster.conflict");

    /// <summary>The cluster found the request invalid (400, 422).</summary>
    public static readonly Failure Invalid = new(FailureKind.Invalid, "cluster.invalid");

    /// <summary>The cluster asks for patience (429).</summary>
    public static readonly Failure Busy = new(FailureKind.TooMany, "cluster.busy");

    /// <summary>The API server answered with an error of its own, or with something that is no answer.</summary>
    public static readonly Failure Broken = new(FailureKind.Unavailable, "cluster.broken");

    /// <summary>The answer is larger than what is read.</summary>
    public static readonly Failure TooLarge = new(FailureKind.TooMany, "cluster.too_large");

    internal static Failure Of(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound => NotFound,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.MethodNotAllowed => Forbidden,
        HttpStatusCode.Conflict or HttpStatusCode.Gone => Conflict,
        HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => Invalid,
        HttpStatusCode.TooManyRequests => Busy,
        HttpStatusCode.GatewayTimeout => Timeout,
        _ => Broken,
    };
}
