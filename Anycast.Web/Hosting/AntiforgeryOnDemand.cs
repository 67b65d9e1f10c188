using Microsoft.AspNetCore.Antiforgery;

namespace Anycast.Web.Hosting;

/// <summary>
/// Sets the antiforgery cookie where something needs it (C01). The framework sets it with every answer of a Razor page: it asks for a token when the
/// answer starts and again when it keeps state for a circuit. Of a plain page those calls store nothing, unless a form of the page said that it needs it.
/// </summary>
internal sealed class AntiforgeryOnDemand(IAntiforgery inner) : IAntiforgery
{
    private static readonly object s_needed = new();
    private static readonly object s_plain = new();

    /// <summary>Puts it before the framework's own.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var own = services.Last(s => s.ServiceType == typeof(IAntiforgery));
        services.AddSingleton<IAntiforgery>(provider => new AntiforgeryOnDemand((IAntiforgery)ActivatorUtilities.CreateInstance(provider, own.ImplementationType!)));
    }

    /// <summary>Called by the frame of every plain page, before anything in it.</summary>
    public static void OnlyForForms(HttpContext context) => context.Items[s_plain] = s_plain;

    /// <summary>Called by a form, before it asks for its token.</summary>
    public static void Need(HttpContext context) => context.Items[s_needed] = s_needed;

    public AntiforgeryTokenSet GetAndStoreTokens(HttpContext httpContext)
    {
        if (!httpContext.Items.ContainsKey(s_plain) || httpContext.Items.ContainsKey(s_needed))
        {
            return inner.GetAndStoreTokens(httpContext);
        }

        if (!httpContext.Response.HasStarted)
        {
            httpContext.Response.Headers.CacheControl = "no-cache, no-store"; // As with a token: the page is in one person's language.
        }

        return inner.GetTokens(httpContext);
    }

    public AntiforgeryTokenSet GetTokens(HttpContext httpContext) => inner.GetTokens(httpContext);

    public Task<bool> IsRequestValidAsync(HttpContext httpContext) => inner.IsRequestValidAsync(httpContext);

    public Task ValidateRequestAsync(HttpContext httpContext) => inner.ValidateRequestAsync(httpContext);

    public void SetCookieTokenAndHeader(HttpContext httpContext) => inner.SetCookieTokenAndHeader(httpContext);
}
