namespace Anycast.Web.Hosting;

/// <summary>
/// Refuses a page of another site that opens a circuit (T24). Browsers let any site open a WebSocket anywhere and send the cookies they think fit;
/// they always say where the page comes from, and a page cannot lie about it. Whoever sends no origin is no browser's page.
/// </summary>
public static class OriginCheck
{
    private const string Hub = "/_blazor";

    public static WebApplication UseOriginCheck(this WebApplication app)
    {
        var publicUrl = PublicAddress.PublicUrl(app.Configuration);
        app.Use((context, next) =>
        {
            if (context.Request.Path.StartsWithSegments(Hub) && context.Request.Headers.Origin is { Count: > 0 } origin && !IsOurs(origin.ToString(), context.Request.Host, publicUrl))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            }

            return next(context);
        });
        return app;
    }

    /// <summary>By host and port: behind a proxy that ends TLS the scheme seen here is not the browser's.</summary>
    internal static bool IsOurs(string origin, HostString host, Uri? publicUrl) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var from) && from.Scheme is "http" or "https"
        && (Same(from, new HostString(host.Host, host.Port ?? DefaultPort(from))) || (publicUrl is not null && Same(from, new HostString(publicUrl.Host, publicUrl.Port))));

    private static bool Same(Uri from, HostString host) =>
        Uri.TryCreate($"http://{host.Host}", UriKind.Absolute, out var own) && string.Equals(from.IdnHost, own.IdnHost, StringComparison.OrdinalIgnoreCase) && from.Port == host.Port;

    private static int DefaultPort(Uri uri) => uri.Scheme == "https" ? 443 : 80;
}
