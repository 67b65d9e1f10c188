using Anycast.Core.Accounts.Terms;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Components.Endpoints;

namespace Anycast.Web.Accounts.Terms;

/// <summary>Whoever has not accepted the terms that hold now is asked before any page but those of the account and the terms themselves (U10).</summary>
public static class TermsGate
{
    public static void UseTermsGate(this WebApplication app) => app.Use(async (context, next) =>
    {
        var isPage = context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null;
        if (isPage && !IsOpen(context.Request.Path) && context.User.ToActor() is { IsUser: true } actor
            && (await context.RequestServices.GetRequiredService<TermsService>().StateAsync(actor, context.RequestAborted)).IsOwed)
        {
            context.Response.Redirect(AppUrls.AcceptTermsStep(context.Request.Path + context.Request.QueryString));
            return;
        }

        await next(context);
    });

    private static bool IsOpen(PathString path) =>
        path.StartsWithSegments("/account") || path.StartsWithSegments(AppUrls.Terms) || path.StartsWithSegments("/privacy") || path == AppUrls.Error || path == AppUrls.NotFound;
}
