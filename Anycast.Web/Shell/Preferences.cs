using System.Globalization;
using Anycast.Core.Accounts.Profile;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.SignalR;

namespace Anycast.Web.Shell;

/// <summary>
/// How pages look for whom. An account's preferences stand on the server and win; before there is an account, language and colour scheme are
/// cookies, set only by a choice (clause C01), and everything else is the default. Nothing is kept in the browser's storage.
/// </summary>
public static class Preferences
{
    /// <summary>Holds <c>light</c> or <c>dark</c>; written by shell.js when chosen.</summary>
    public const string SchemeCookie = "anycast.scheme";

    /// <summary>Holds the chosen language, <c>de</c> or <c>en</c>.</summary>
    public const string LanguageCookie = "anycast.lang";

    private const string Item = "anycast.preferences";

    /// <summary>The languages that are complete; the first is the neutral one.</summary>
    public static IReadOnlyList<string> Languages => PreferenceService.Languages;

    /// <summary>The preferences of the signed-in account; read once per request.</summary>
    public static async ValueTask<UserPreferences> AccountPreferencesAsync(this HttpContext context)
    {
        if (context.Items[Item] is UserPreferences known)
        {
            return known;
        }

        var found = context.User.ToActor() is { IsUser: true } actor
            ? await context.RequestServices.GetRequiredService<PreferenceService>().GetAsync(actor, context.RequestAborted)
            : UserPreferences.None;
        context.Items[Item] = found;
        return found;
    }

    /// <summary>What <see cref="AccountPreferencesAsync"/> has read for this page.</summary>
    public static UserPreferences AccountPreferences(this HttpContext context) => context.Items[Item] as UserPreferences ?? UserPreferences.None;

    /// <summary>The scheme to render, or null to follow the system.</summary>
    public static string? Scheme(HttpContext context)
    {
        var chosen = context.AccountPreferences().Scheme ?? context.Request.Cookies[SchemeCookie];
        return chosen is "light" or "dark" ? chosen : null;
    }

    /// <summary>Sets the language of pages and circuits, after authentication: the account's, else the cookie's, else the browser's.</summary>
    public static void UsePreferences(this WebApplication app)
    {
        CultureInfo[] cultures = [.. Languages.Select(CultureInfo.GetCultureInfo)];
        app.UseRequestLocalization(new RequestLocalizationOptions
        {
            DefaultRequestCulture = new RequestCulture(cultures[0]),
            SupportedCultures = cultures,
            SupportedUICultures = cultures,
            ApplyCurrentCultureToResponseHeaders = true,
            RequestCultureProviders =
            [
                new CustomRequestCultureProvider(FromAccountAsync),
                new CustomRequestCultureProvider(context => Task.FromResult(FromCookie(context))),
                new AcceptLanguageHeaderRequestCultureProvider(),
            ],
        });
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
            Secure = true,
        });

    /// <summary>
    /// <c>GET /preferences/language?to=de&amp;return=/somewhere</c> remembers the language and goes back. <c>POST /preferences</c> takes what shell.js
    /// changes at once on the page: JSON alone, which no other site can send with the session's cookie.
    /// </summary>
    public static void MapPreferences(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(AppUrls.LanguagePath, async (HttpContext context, PreferenceService preferences, string? to, string? @return) =>
        {
            if (to is not null && Languages.Contains(to, StringComparer.Ordinal))
            {
                RememberLanguage(context, to);
                await preferences.SetAsync(context.User.ToActor(), new PreferenceChange(Language: to), context.RequestAborted);
            }

            return Results.LocalRedirect(AppUrls.LocalOr(@return, AppUrls.Home));
        }).AllowAnonymous();

        routes.MapPost(AppUrls.PreferencesPath, async (HttpContext context, PreferenceService preferences, PreferenceChange change, CancellationToken ct) =>
            (await preferences.SetAsync(context.User.ToActor(), change, ct)).IsOk ? Results.NoContent() : Results.BadRequest()).RequireAuthorization();
    }

    private static async Task<ProviderCultureResult?> FromAccountAsync(HttpContext context)
    {
        // Only what renders pages: a page's first answer, and the connection of its circuit, which takes its language from here.
        var endpoint = context.GetEndpoint()?.Metadata;
        return endpoint?.GetMetadata<ComponentTypeMetadata>() is null && endpoint?.GetMetadata<HubMetadata>() is null ? null
            : (await context.AccountPreferencesAsync()).Language is { } language && Languages.Contains(language) ? new ProviderCultureResult(language) : null;
    }

    private static ProviderCultureResult? FromCookie(HttpContext context) =>
        context.Request.Cookies[LanguageCookie] is { } value && Languages.Contains(value, StringComparer.Ordinal)
            ? new ProviderCultureResult(value)
            : null;
}
