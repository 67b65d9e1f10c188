using System.Security.Cryptography;

namespace Anycast.Web.Hosting;

/// <summary>
/// The security headers of every response (DESIGN §4). Scripts need the nonce of their response; styles may be inline because
/// MudBlazor writes a <c>&lt;style&gt;</c>, and <c>base-uri</c> is 'self' because Blazor needs <c>&lt;base&gt;</c>: both recorded deviations.
/// </summary>
public static class SecurityHeaders
{
    private const string NonceKey = "anycast.csp-nonce";

    /// <summary>Adds the headers to each response, error pages included.</summary>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        // At the last moment, because the exception handler clears what was set before.
        context.Response.OnStarting(static state =>
        {
            Write((HttpContext)state);
            return Task.CompletedTask;
        }, context);
        return next(context);
    });

    /// <summary>The nonce that a <c>&lt;script&gt;</c> of this response must carry: 128 random bits, made on first use.</summary>
    public static string CspNonce(this HttpContext context)
    {
        if (context.Items[NonceKey] is string nonce)
        {
            return nonce;
        }

        nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        context.Items[NonceKey] = nonce;
        return nonce;
    }

    /// <summary>The policy as sent, for one nonce.</summary>
    public static string ContentSecurityPolicy(string nonce) =>
        "default-src 'none'; "
        + $"script-src 'self' 'nonce-{nonce}'; "
        + "style-src 'self' 'unsafe-inline'; "
        + "img-src 'self' data:; "
        + "font-src 'self'; "
        + "connect-src 'self'; "
        + "form-action 'self'; "
        + "frame-ancestors 'none'; "
        + "base-uri 'self'; "
        + "object-src 'none'";

    private static void Write(HttpContext context)
    {
        var headers = context.Response.Headers;
        // A picture that a person uploaded is opened as a document by nobody; if it is, it may do nothing at all.
        headers.ContentSecurityPolicy = context.Response.ContentType?.StartsWith("image/webp", StringComparison.Ordinal) == true
            ? "default-src 'none'; sandbox; frame-ancestors 'none'"
            : ContentSecurityPolicy(context.CspNonce());
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] =
            "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()";
    }
}
