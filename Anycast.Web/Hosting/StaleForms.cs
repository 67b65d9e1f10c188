using Anycast.Web.Shell;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components.Endpoints;

namespace Anycast.Web.Hosting;

/// <summary>
/// A page's form that comes with no token, or with one of another sign-in: a tab from before somebody signed in elsewhere in this browser. It is
/// refused with 400 as the framework does, but with a page that says so and leads on, where the framework answers nothing at all.
/// </summary>
internal static class StaleForms
{
    private static readonly object s_page = new();

    /// <summary>After antiforgery, which has read the form and knows.</summary>
    public static void UseStaleForms(this WebApplication app)
    {
        Endpoint? answer = null;
        app.Use(async (context, next) =>
        {
            if (context.Features.Get<IAntiforgeryValidationFeature>() is not { IsValid: false } || context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is null)
            {
                await next(context);
                return;
            }

            // The same request goes on as a visit of that page, so that no part of the form's own page runs.
            answer ??= context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                .Single(e => "/" + e.RoutePattern.RawText?.TrimStart('/') == AppUrls.StaleForm);
            var request = context.Request;
            var (method, path, query) = (request.Method, request.Path, request.QueryString);
            context.Items[s_page] = path + query;
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            (request.Method, request.Path, request.QueryString) = (HttpMethods.Get, AppUrls.StaleForm, default);
            request.RouteValues.Clear();
            context.SetEndpoint(answer);
            try
            {
                await next(context);
            }
            finally
            {
                (request.Method, request.Path, request.QueryString) = (method, path, query); // for the request's line in the log
            }
        });
    }

    /// <summary>The address of the page whose form was refused; null when nothing was.</summary>
    public static string? RefusedFormsPage(this HttpContext context) => context.Items[s_page] as string;
}
