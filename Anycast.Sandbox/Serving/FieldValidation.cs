using System.Text.Json.Nodes;
using Anycast.Sandbox.Kinds;
using Anycast.Sandbox.Schema;
using Anycast.Sandbox.Storage;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>The <c>fieldValidation</c> parameter: unknown fields are refused (Strict), named in a warning (Warn, the default) or silently dropped.</summary>
internal static class FieldValidation
{
    private const int MostWarnings = 20;

    /// <summary>Checks an object that is about to be stored and drops what its kind does not have.</summary>
    /// <exception cref="ApiException">A field of a wrong type, or an unknown one under Strict.</exception>
    public static void Apply(ApiRequest request, KindInfo kind, JsonObject obj)
    {
        var unknown = FieldCheck.Prune(kind, obj);
        if (unknown.Count == 0)
        {
            return;
        }

        switch (request.Query["fieldValidation"].ToString())
        {
            case "Strict":
                var list = string.Join(", ", unknown.Select(path => $"unknown field \"{path}\""));
                throw request.Verb == "patch"
                    ? KubeErrors.Invalid(kind, request.Name, [FieldError.Invalid("patch", "the patch", $"strict decoding error: {list}")])
                    : KubeErrors.BadRequest($"{kind.Kind} in version \"{kind.Version}\" cannot be handled as a {kind.Kind}: strict decoding error: {list}");
            case "Ignore":
                break;
            default:
                request.Http.Response.Headers["Warning"] = unknown.Take(MostWarnings).Select(path => $"299 - \"unknown field \\\"{Ascii(path)}\\\"\"").ToArray();
                break;
        }
    }

    /// <summary>An applied configuration may not hold unknown fields at all: ownership can't be tracked for them.</summary>
    public static void RefuseUndeclared(ApiRequest request, KindInfo kind, JsonObject configuration)
    {
        if (FieldCheck.Prune(kind, configuration.Clone()) is [var first, ..])
        {
            throw new ApiException(
                500, "", $"failed to create typed patch object ({request.Namespace}/{request.Name}; {kind.ApiVersion}, Kind={kind.Kind}): .{first}: field not declared in schema");
        }
    }

    /// <summary>A header takes no other characters.</summary>
    private static string Ascii(string path) => string.Concat(path.Select(c => c is > ' ' and < '\u007f' and not '"' and not '\\' ? c : '?'));
}
