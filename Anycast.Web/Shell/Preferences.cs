using System.Globalization;
using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Localization;

namespace Anycast.Web.Shell;

/// <summary>What a person may choose for a browser before any account exists. Cookies are set only by a choice (clause C01).</summary>
public static class Preferences
{
    /// <summary>Holds <c>light</c> or <c>dark</c>; written by shell.js when chosen.</summary>
    public const string SchemeCookie = "anycast.scheme";

    /// <summary>Holds the chosen language, <c>de</c> or <c>en</c>.</summary>
    public const string LanguageCookie = "anycast.lang";

    /// <summary>The languages that are complete; the first is the neutral one.</summary>
    public static readonly IReadOnlyList<string> Languages = ["en", "de"];

    /// <summary>The scheme to render, or null to follow the system.</summary>
    public static string? Scheme(HttpContext context) =>
        context.Request.Cookies[SchemeCookie] is "light" or "dark" ? context.Request.Cookies[SchemeCookie] : null;

    /// <summary>Reads the language from the cookie, else from Accept-Language. The circuit's connection request passes here too, so it has the same.</summary>
    public static RequestLocalizationOptions Localization()
    {
        CultureInfo[] cultures = [.. Languages.Select(CultureInfo.GetCultureInfo)];
        return new RequestLocalizationOptions
        {
            DefaultRequestCulture = new RequestCulture(cultures[0]),
            SupportedCultures = cultures,
            SupportedUICultures = cultures,
            ApplyCurrentCultureToResponseHeaders = true,
            RequestCultureProviders =
            [
                new CustomRequestCultureProvider(context => Task.FromResult(FromCookie(context))),
                new AcceptLanguageHeaderRequestCultureProvider(),
            ],
        };
    }

    /// <summary>Writes the chosen language.</summary>
    public static void RememberLanguage(HttpContext context, string language) =>
        context.Response.Cookies.Append(LanguageCookie, language, new CookieOptions
        {
            HttpOnly = true,
            IsEssential = true,
            MaxAge = TimeSpan.FromDays(365),
            Path = "/",
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
        });

    /// <summary><c>GET /preferences/language?to=de&amp;return=/somewhere</c>: remembers the language and goes back.</summary>
    public static void MapPreferences(this IEndpointRouteBuilder routes) =>
        routes.MapGet(AppUrls.LanguagePath, async (HttpContext context, AccountService accounts, string? to, string? @return) =>
        {
            if (to is not null && Languages.Contains(to, StringComparer.Ordinal))
            {
                RememberLanguage(context, to);
                if (context.User.ToActor() is { IsUser: true } actor)
                {
                    await accounts.SetLanguageAsync(actor, to, context.RequestAborted);
                }
            }

            return Results.LocalRedirect(AppUrls.LocalOr(@return, AppUrls.Home));
        }).AllowAnonymous();

    private static ProviderCultureResult? FromCookie(HttpContext context) =>
        context.Request.Cookies[LanguageCookie] is { } value && Languages.Contains(value, StringComparer.Ordinal)
            ? new ProviderCultureResult(value)
            : null;
}
