using System.Text.Json.Nodes;
using Anycast.Sandbox.Access;
using Anycast.Sandbox.Kinds;

namespace Anycast.Sandbox.Serving;

/// <summary>A refusal that is answered as metav1.Status.</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    public string Reason { get; } = reason;

    /// <summary>Seconds after which to try again, or null.</summary>
    public int? RetryAfterSeconds { get; init; }

    public JsonObject Status()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
        };
        if (details is not null || RetryAfterSeconds is not null)
        {
            var shown = details?.DeepClone() as JsonObject ?? [];
            if (RetryAfterSeconds is { } seconds)
            {
                shown["retryAfterSeconds"] = seconds;
            }

            status["details"] = shown;
        }

        status["code"] = Code;
        return status;
    }
}

/// <summary>The refusals of the API server, in its own words (k8s.io/apimachinery/pkg/api/errors).</summary>
internal static class KubeErrors
{
    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException NoSuchRoute() => new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiException NotFound(KindInfo kind, string name) =>
        new(404, "NotFound", $"{kind.GroupResource} \"{name}\" not found", Details(kind, name));

    public static ApiException AlreadyExists(KindInfo kind, string name) =>
        new(409, "AlreadyExists", $"{kind.GroupResource} \"{name}\" already exists", Details(kind, name));

    public static ApiException Conflict(KindInfo kind, string name, string why = "the object has been modified; please apply your changes to the latest version and try again") =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {kind.GroupResource} \"{name}\": {why}", Details(kind, name));

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static ApiException UnsupportedMediaType(string sent) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml (sent: {sent})");

    public static ApiException NotAcceptable() =>
        new(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml");

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException TooOld(long version, long oldest) => Expired($"too old resource version: {version} ({oldest})");

    public static ApiException TooManyRequests(string message, int seconds) => new(429, "TooManyRequests", message) { RetryAfterSeconds = seconds };

    /// <summary>A JSON patch that does not apply, a failed <c>test</c> included: the API server says no more than this.</summary>
    public static ApiException PatchDoesNotApply() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);

    public static ApiException Forbidden(Identity who, AccessAttributes what)
    {
        var groupResource = what.Group.Length == 0 ? what.Resource : $"{what.Resource}.{what.Group}";
        var subject = what.Name.Length == 0 ? groupResource : $"{groupResource} \"{what.Name}\"";
        var scope = what.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{what.Namespace}\"";
        var details = new JsonObject();
        if (what.Name.Length > 0)
        {
            details["name"] = what.Name;
        }

        if (what.Group.Length > 0)
        {
            details["group"] = what.Group;
        }

        details["kind"] = what.Resource;
        return new ApiException(
            403,
            "Forbidden",
            $"{subject} is forbidden: User \"{who.Name}\" cannot {what.Verb} resource \"{what.FullResource}\" in API group \"{what.Group}\" {scope}",
            details);
    }

    public static ApiException ForbiddenPath(Identity who, string verb, string path) =>
        new(403, "Forbidden", $"forbidden: User \"{who.Name}\" cannot {verb} path \"{path}\"", []);

    /// <summary>Refused by an admission step: <c>pods "x" is forbidden: exceeded quota …</c>.</summary>
    public static ApiException Refused(KindInfo kind, string name, string why) =>
        new(403, "Forbidden", $"{kind.GroupResource} \"{name}\" is forbidden: {why}", Details(kind, name));

    /// <summary>One or several field errors: <c>Deployment.apps "x" is invalid: spec.replicas: Invalid value: …</c>.</summary>
    public static ApiException Invalid(KindInfo kind, string name, IReadOnlyList<FieldError> errors)
    {
        var details = Details(kind, name);
        details["kind"] = kind.Kind;
        var causes = new JsonArray();
        foreach (var error in errors)
        {
            causes.Add(new JsonObject { ["reason"] = error.Reason, ["message"] = error.Body, ["field"] = error.Field });
        }

        details["causes"] = causes;
        var list = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors)}]";
        var qualified = kind.Group.Length == 0 ? kind.Kind : $"{kind.Kind}.{kind.Group}";
        return new ApiException(422, "Invalid", $"{qualified} \"{name}\" is invalid: {list}", details);
    }

    private static JsonObject Details(KindInfo kind, string name)
    {
        var details = new JsonObject { ["name"] = name };
        if (kind.Group.Length > 0)
        {
            details["group"] = kind.Group;
        }

        details["kind"] = kind.Plural;
        return details;
    }
}

/// <summary>One invalid field.</summary>
/// <param name="Field">Path, e.g. <c>spec.replicas</c>.</param>
/// <param name="Reason">Cause: FieldValueInvalid, FieldValueRequired, FieldValueForbidden, FieldValueNotSupported.</param>
/// <param name="Body">Text after the path.</param>
internal sealed record FieldError(string Field, string Reason, string Body)
{
    public static FieldError Required(string field, string why = "") => new(field, "FieldValueRequired", why.Length == 0 ? "Required value" : $"Required value: {why}");

    public static FieldError Invalid(string field, string value, string why) => new(field, "FieldValueInvalid", $"Invalid value: {value}: {why}");

    public static FieldError Forbidden(string field, string why) => new(field, "FieldValueForbidden", $"Forbidden: {why}");

    public static FieldError Unsupported(string field, string value, params string[] supported) =>
        new(field, "FieldValueNotSupported", $"Unsupported value: \"{value}\": supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}");

    public override string ToString() => $"{Field}: {Body}";
}
