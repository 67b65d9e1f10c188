using Anycast.Core.Accounts.SignIn;
using Anycast.Web.Accounts.SignIn;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Mvc;

namespace Anycast.Web.Accounts.StepUp;

/// <summary>The two doors of step-up in the host.</summary>
public static class StepUpSetup
{
    public static IServiceCollection AddStepUp(this IServiceCollection services) => services.AddScoped<StepUps>().AddScoped<PageLinks>();

    /// <summary>
    /// <c>POST /account/step-up/proof</c>, by fetch from an open page: the circuit and what was typed survive, while the cookie gets its new key,
    /// which no circuit could set. Antiforgery is checked, since it is a form.
    /// </summary>
    public static void MapStepUp(this IEndpointRouteBuilder routes) =>
        routes.MapPost(AppUrls.StepUpProof, async (HttpContext context, [FromForm] string? secret, StepUpService stepUp, FailureTexts texts, CancellationToken ct) =>
        {
            var proven = await stepUp.ProveAsync(context.User.ToActor(), secret ?? "", ct);
            if (!proven.IsOk)
            {
                context.Refuse(proven.Failure);
                return Results.Json(new Answer(false, texts.Of(proven.Failure)), statusCode: context.Response.StatusCode);
            }

            await context.RekeySessionAsync();
            return Results.Json(new Answer(true, null));
        }).RequireAuthorization();

    private sealed record Answer(bool Ok, string? Message);
}
