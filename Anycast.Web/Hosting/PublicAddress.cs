using System.Net;
using Anycast.Core.Common;
using Anycast.Web.Api;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Anycast.Web.Hosting;

/// <summary>
/// Where the service is reached. <c>Anycast:PublicUrl</c> (https://…) makes links in mails and turns on the redirect to HTTPS (S01);
/// <c>Anycast:KnownProxies</c> lists the addresses or networks whose forwarded headers count, no others do (T19).
/// </summary>
public static class PublicAddress
{
    private const string Api = "/api";
    private static readonly Failure s_httpsRequired = new(FailureKind.Forbidden, "api.https_required");

    public static IServiceCollection AddPublicAddress(this IServiceCollection services, IConfiguration configuration)
    {
        var proxies = configuration.GetSection("Anycast:KnownProxies").Get<string[]>() ?? [];
        services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = proxies.Length == 0 ? ForwardedHeaders.None : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            options.KnownIPNetworks.Clear();
            options.KnownProxies.Clear();
            foreach (var proxy in proxies)
            {
                if (System.Net.IPNetwork.TryParse(proxy, out var network))
                {
                    options.KnownIPNetworks.Add(network);
                }
                else if (IPAddress.TryParse(proxy, out var address))
                {
                    options.KnownProxies.Add(address);
                }
                else
                {
                    throw new ConfigurationException($"Anycast:KnownProxies holds '{proxy}', which is neither an address nor a network such as 10.0.0.0/8.");
                }
            }
        });
        services.AddSingleton<LinkRoot>();
        services.AddHsts(o => o.MaxAge = TimeSpan.FromDays(365));
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        return services;
    }

    /// <summary>
    /// Redirects plain HTTP to the public address when that is HTTPS, else to the HTTPS address this process listens on, if it does; requests to this
    /// machine by its own name stay, for health checks and first setup. A program under <c>/api</c> is refused and not redirected: its token has been sent
    /// in clear already, and a redirect that works would hide that from whoever wrote it.
    /// </summary>
    public static WebApplication UsePublicAddress(this WebApplication app)
    {
        app.UseForwardedHeaders();
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
        }

        var publicUrl = PublicUrl(app.Configuration) is { Scheme: "https" } configured ? configured : null;
        app.Use(async (context, next) =>
        {
            if (publicUrl is null && !app.Lifetime.ApplicationStarted.IsCancellationRequested && !context.IsDirectLoopback())
            {
                // The ports open one after the other: until all are, nobody knows whether this one should send people to another.
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                context.Response.Headers.RetryAfter = "1";
                return;
            }

            if (context.Request.IsHttps || context.IsDirectLoopback() || context.Request.Path.StartsWithSegments("/health") || (publicUrl ?? OwnHttps(context)) is not { } secure)
            {
                await next(context);
                return;
            }

            if (context.Request.Path.StartsWithSegments(Api))
            {
                await ApiProblem.WriteAsync(context, s_httpsRequired, StatusCodes.Status403Forbidden);
                return;
            }

            context.Response.Redirect(new Uri(secure, context.Request.Path + context.Request.QueryString).ToString(), permanent: true, preserveMethod: true);
        });
        return app;
    }

    /// <summary>The address of the same host on the port where this process speaks HTTPS; null where it does not.</summary>
    private static Uri? OwnHttps(HttpContext context)
    {
        var addresses = context.RequestServices.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        return addresses.Select(BindingAddress.Parse).FirstOrDefault(a => a.Scheme == "https") is { } own && context.Request.Host.HasValue
            ? new UriBuilder("https", context.Request.Host.Host, own.Port).Uri
            : null;
    }

    /// <summary>Makes absolute links for mails.</summary>
    public static Func<string, Uri> Links(this HttpContext context)
    {
        var root = context.RequestServices.GetRequiredService<LinkRoot>().For(context.Asked());
        return path => new Uri(root, path);
    }

    /// <summary>The service as whoever asks reaches it: for an answer to them alone, never for a mail to somebody else.</summary>
    public static Uri AddressForAsker(this HttpContext context) => PublicUrl(context.RequestServices.GetRequiredService<IConfiguration>()) ?? context.Asked();

    private static Uri Asked(this HttpContext context) => new($"{context.Request.Scheme}://{context.Request.Host}");

    /// <summary>The configured address, or null.</summary>
    /// <exception cref="ConfigurationException">It is not an absolute http(s) address.</exception>
    public static Uri? PublicUrl(IConfiguration configuration)
    {
        var text = configuration["Anycast:PublicUrl"];
        return string.IsNullOrWhiteSpace(text) ? null
            : Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
            : throw new ConfigurationException("Anycast:PublicUrl must be an absolute address such as https://anycast.example.org.");
    }
}
