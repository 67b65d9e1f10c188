using Anycast.Web.Hosting;
using Anycast.Web.Hosting.Circuits;
using Anycast.Web.Shell.Palette;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using MudBlazor;
using MudBlazor.Services;

namespace Anycast.Web.Shell;

/// <summary>The two doors of the shell: its services, and its pages.</summary>
public static class ShellSetup
{
    /// <summary>Razor components with interactive server rendering, MudBlazor, and both languages.</summary>
    public static IServiceCollection AddShell(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents().AddCircuitGate();
        services.AddCascadingAuthenticationState();
        services.AddHttpContextAccessor();
        services.AddLocalization();
        services.AddMudServices(options =>
        {
            options.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomRight;
            options.SnackbarConfiguration.PreventDuplicates = true;
            options.SnackbarConfiguration.MaxDisplayedSnackbars = 3;
            options.SnackbarConfiguration.VisibleStateDuration = 4000;
            options.SnackbarConfiguration.ShowTransitionDuration = 120;
            options.SnackbarConfiguration.HideTransitionDuration = 120;
        });
        services.AddAntiforgery(options =>
        {
            // Bound to this host by its prefix, as the session is; UseSecureCookies makes it secure, since the framework refuses to on http://localhost.
            options.Cookie.Name = "__Host-anycast.antiforgery";
            options.Cookie.Path = "/";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.None;
            // The middleware of SecurityHeaders answers for framing.
            options.SuppressXFrameOptionsHeader = true;
        });
        AntiforgeryOnDemand.Decorate(services);
        services.TryAddSingleton(TimeProvider.System);
        services.AddScoped<CurrentActor>();
        services.AddScoped<ShellState>();
        services.AddScoped<Ticker>();
        services.AddSingleton<FailureTexts>();
        services.AddScoped<PaletteSearch>();
        services.AddScoped<IPaletteSource, PagesPaletteSource>();
        services.AddScoped<IPaletteSource, TeamsPaletteSource>();
        return services;
    }

    /// <summary>Error pages; before authentication. The language comes after it (<see cref="Preferences.UsePreferences"/>).</summary>
    public static WebApplication UseShell(this WebApplication app)
    {
        app.UseExceptionHandler(AppUrls.Error, createScopeForErrors: true);

        // Every cookie is for HTTPS alone (S01), whoever sets it; browsers count localhost as such.
        app.UseCookiePolicy(new CookiePolicyOptions { Secure = CookieSecurePolicy.Always, MinimumSameSitePolicy = SameSiteMode.Lax });
        app.UseStatusCodePagesWithReExecute(AppUrls.NotFound, createScopeForStatusCodePages: true);

        // The page of a status is for whoever opens a page. Asked again for a POST it would be a form without its token, and a 401 become a 400.
        app.Use((context, next) =>
        {
            if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && context.Features.Get<IStatusCodePagesFeature>() is { } pages)
            {
                pages.Enabled = false;
            }

            return next(context);
        });
        return app;
    }

    /// <summary>All pages, the static assets and the preferences endpoint. Antiforgery must be in use already.</summary>
    public static WebApplication MapShell(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapPreferences();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(options =>
        {
            // Compression beside secrets and attacker text in one frame is a BREACH-type risk; framing is refused by our own headers.
            options.DisableWebSocketCompression = true;
            options.ContentSecurityFrameAncestorsPolicy = null;
        });
        return app;
    }
}
