using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Anycast.Sandbox.Serving;

/// <summary>Writes JSON answers.</summary>
internal static class Reply
{
    public static async Task JsonAsync(HttpContext http, JsonNode body, int status = 200, string contentType = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body);
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
        }
    }

    public static async Task BytesAsync(HttpContext http, byte[] body, int status = 200, string contentType = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    public static Task FailureAsync(HttpContext http, ApiException failure)
    {
        if (failure.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return JsonAsync(http, failure.Status(), failure.Code);
    }
}
