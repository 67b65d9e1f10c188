using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Anycast.Web.Hosting.Circuits;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Hosting;

/// <summary>Authentication by server-side sessions, and the policies of pages.</summary>
public static class Sessions
{
    /// <summary>Policy of what operators alone may see.</summary>
    public const string OperatorPolicy = "operator";

    /// <summary>How old a cookie gets before a request renews it.</summary>
    public static readonly TimeSpan RenewAfter = TimeSpan.FromHours(12);

    public static IServiceCollection AddSessions(this IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        services.AddSingleton<ITicketStore, DatabaseTicketStore>();
        services.AddAuthentication(Principal.Scheme).AddCookie(Principal.Scheme, Configure).AddCookie(Principal.NewKeyScheme, cookie =>
        {
            Configure(cookie);
            cookie.CookieManager = new WriteOnlyCookies();
        });
        services.AddOptions<CookieAuthenticationOptions>(Principal.Scheme).Configure<ITicketStore>((cookie, store) => cookie.SessionStore = store);
        services.AddOptions<CookieAuthenticationOptions>(Principal.NewKeyScheme).Configure<ITicketStore, IServiceProvider>((cookie, store, provider) =>
        {
            // What it writes, the other reads. Asked for late: these options cannot be made while the others are.
            cookie.SessionStore = store;
            cookie.TicketDataFormat = provider.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Principal.Scheme).TicketDataFormat;
        });
        services.AddAuthorizationBuilder()
            .AddPolicy(OperatorPolicy, policy => policy.RequireAssertion(context => context.User.ToActor().IsOperator));
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider>(provider =>
        {
            // The one service of ours that the framework makes while it opens a circuit; its handlers come later, or never.
            provider.GetRequiredService<SeatedCircuit>();
            return ActivatorUtilities.CreateInstance<SessionAuthenticationStateProvider>(provider);
        });
        services.AddScoped<CircuitHandler, SessionActivity>();
        return services;
    }

    /// <summary>
    /// <c>POST /account/keep-alive</c>: a page that stays open asks once a day, so that the browser keeps its cookie as long as the session lives. It is
    /// no activity of a person, and prolongs no session.
    /// </summary>
    public static void MapSessions(this IEndpointRouteBuilder routes) =>
        routes.MapPost(AppUrls.KeepAlive, () => Results.NoContent()).RequireAuthorization().DisableAntiforgery();

    private static void Configure(CookieAuthenticationOptions cookie)
    {
        // The prefix binds the cookie to this host and to HTTPS; browsers count localhost as secure.
        cookie.Cookie.Name = "__Host-anycast.session";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.Always;
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.Path = "/";
        // How long the browser keeps the cookie; whether it is still worth anything, the session's row decides.
        cookie.ExpireTimeSpan = AccountsOptions.SessionIdle;
        cookie.SlidingExpiration = true;
        cookie.LoginPath = "/account/login";
        cookie.LogoutPath = "/account/logout";
        cookie.Events.OnCheckSlidingExpiration = context =>
        {
            // The framework renews only past the half, so a visit on day 29 would not count. The row decides; the cookie is kept fresh each day.
            context.ShouldRenew = context.ElapsedTime >= RenewAfter && !context.Request.Path.Equals(AppUrls.Logout);
            context.Properties.ExpiresUtc = context.Properties.IssuedUtc + AccountsOptions.SessionIdle;
            return Task.CompletedTask;
        };
        cookie.Events.OnRedirectToAccessDenied = context =>
        {
            // What is not for the caller looks like what does not exist, status included.
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        };
        cookie.ReturnUrlParameter = "return";
    }
}
