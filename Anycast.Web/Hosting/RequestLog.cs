using System.Diagnostics;
using System.Net;

namespace Anycast.Web.Hosting;

/// <summary>
/// One line per request (D24): method, the route it met, status, time, and the network it came from. Neither addresses with what stands in them
/// (a link's secret, a name, a search) nor headers, bodies or the caller's full address: nothing that a log should not hold can get into it.
/// </summary>
internal static partial class RequestLog
{
    public static WebApplication UseRequestLog(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Anycast.Requests");
        app.Use(async (context, next) =>
        {
            if (!log.IsEnabled(LogLevel.Information))
            {
                await next(context);
                return;
            }

            // Taken before: by the end an error page may have taken the request over.
            var endpoint = context.GetEndpoint();
            var began = Stopwatch.GetTimestamp();
            try
            {
                await next(context);
            }
            finally
            {
                var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText is { } pattern ? "/" + pattern.TrimStart('/') : "(no route)";
                if (!IsQuiet(route, endpoint))
                {
                    Write(log, context.Request.Method, route, context.Response.StatusCode, (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds, Network(context.Connection.RemoteIpAddress));
                }
            }
        });
        return app;
    }

    /// <summary>The caller's network: /24 of an IPv4 address, /48 of an IPv6 one, which names no household.</summary>
    internal static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "-";
        }

        var bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        var kept = bytes.Length == 4 ? 3 : 6;
        Array.Clear(bytes, kept, bytes.Length - kept);
        return $"{new IPAddress(bytes)}/{kept * 8}";
    }

    // Files of the product, and what asks every few seconds, would hide the rest.
    private static bool IsQuiet(string route, Endpoint? endpoint) =>
        route.StartsWith("/health", StringComparison.Ordinal) || endpoint?.Metadata.Any(m => m.GetType().FullName!.Contains("StaticAsset", StringComparison.Ordinal)) == true;

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} {Milliseconds} ms from {Network}")]
    private static partial void Write(ILogger log, string method, string route, int status, long milliseconds, string network);
}
