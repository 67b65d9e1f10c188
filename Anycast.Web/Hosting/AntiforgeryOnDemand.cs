using Microsoft.AspNetCore.Antiforgery;

namespace Anycast.Web.Hosting;

/// <summary>
/// Sets the antiforgery cookie where something needs it (C02). The framework sets it with every answer of a Razor page, by asking for a token as the
/// answer starts; here that last call stores nothing unless a form asked before it, or the page is interactive and may ask later.
/// </summary>
internal sealed class AntiforgeryOnDemand(IAntiforgery inner) : IAntiforgery
{
    private static readonly object s_needed = new();
    private static readonly object s_starting = new();

    /// <summary>Puts it before the framework's own.</summary>
    public static void Decorate(IServiceCollection services)
    {
        var own = services.Last(s => s.ServiceType == typeof(IAntiforgery));
        services.AddSingleton<IAntiforgery>(provider => new AntiforgeryOnDemand((IAntiforgery)ActivatorUtilities.CreateInstance(provider, own.ImplementationType!)));
    }

    /// <summary>
    /// Called while a page is rendered. What is registered for the start of an answer runs in the reverse order, so that from here on the framework's
    /// call, registered before, can be told from one of a form.
    /// </summary>
    public static void Watch(HttpContext context, bool isInteractive)
    {
        if (isInteractive)
        {
            context.Items[s_needed] = s_needed;
        }

        context.Response.OnStarting(static state =>
        {
            ((HttpContext)state).Items[s_starting] = s_starting;
            return Task.CompletedTask;
        }, context);
    }

    public AntiforgeryTokenSet GetAndStoreTokens(HttpContext httpContext)
    {
        if (httpContext.Items.ContainsKey(s_starting) && !httpContext.Items.ContainsKey(s_needed))
        {
            return inner.GetTokens(httpContext);
        }

        httpContext.Items[s_needed] = s_needed;
        return inner.GetAndStoreTokens(httpContext);
    }

    public AntiforgeryTokenSet GetTokens(HttpContext httpContext) => inner.GetTokens(httpContext);

    public Task<bool> IsRequestValidAsync(HttpContext httpContext) => inner.IsRequestValidAsync(httpContext);

    public Task ValidateRequestAsync(HttpContext httpContext) => inner.ValidateRequestAsync(httpContext);

    public void SetCookieTokenAndHeader(HttpContext httpContext) => inner.SetCookieTokenAndHeader(httpContext);
}
