using System.Globalization;
using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Accounts;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Authentication;

namespace Anycast.Web.Api;

/// <summary>
/// The REST interface under <c>/api</c>: adapters alone, each calls the same Core method as the pages do. A bearer token is the one way in; a cookie
/// counts for nothing here, so no foreign page can act by a visitor's session.
/// </summary>
public static class ApiSetup
{
    /// <summary>Policy of everything under <c>/api</c>.</summary>
    public const string Policy = "api token";

    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, TokenAuthentication>(TokenAuthentication.Name, null);
        services.AddAuthorizationBuilder().AddPolicy(Policy, policy => policy.AddAuthenticationSchemes(TokenAuthentication.Name).RequireAuthenticatedUser());
        return services;
    }

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").RequireAuthorization(Policy).DisableAntiforgery();
        Get(api, "/me", async (HttpContext context, AccountService accounts, TeamService teams, CancellationToken ct) =>
        {
            var actor = context.TokenActor();
            var user = await accounts.GetAsync(actor, ct);
            var team = (await teams.ListAsync(actor, ct)).SingleOrDefault(t => t.Id == actor.TokenTeamId);
            return user.IsOk
                ? Results.Ok(new Me(user.Value.Id, user.Value.Name, user.Value.Email ?? "", Scopes(actor.Scopes), team is null ? null : new TeamOf(team.Id, team.Slug, team.Name, team.Role.ToString().ToLowerInvariant())))
                : ApiProblem.Of(user.Failure);
        });
        Get(api, "/clusters", async (HttpContext context, ClusterService clusters, CancellationToken ct) =>
        {
            var actor = context.TokenActor();
            var found = await clusters.ListAsync(actor, actor.TokenTeamId!.Value, ct);
            return found.IsOk ? Results.Ok(new List<ClusterOf>(found.Value.Select(c => new ClusterOf(c.Id, c.Slug, c.Name)))) : ApiProblem.Of(found.Failure);
        });
        Get(api, "/activity", async (HttpContext context, TeamService teams, string? q, string? page, CancellationToken ct) =>
        {
            if (page is not null && (!int.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out var typed) || typed < 1))
            {
                return ApiProblem.Of(s_badPage);
            }

            var wanted = new PageRequest(PageNumber.Of(page));
            var actor = context.TokenActor();
            var team = (await teams.ListAsync(actor, ct)).SingleOrDefault(t => t.Id == actor.TokenTeamId);
            var found = team is null ? Failure.NotFound : await teams.ActivityAsync(actor, team.Slug, new ActivityFilter(q), wanted, ct);

            // A program that reads page after page ends at the first empty one; people are shown the last there is.
            return found.IsOk
                ? Results.Ok(new ActivityPage(found.Value.Total, found.Value.Request != wanted ? [] : [.. found.Value.Items.Select(e => new ActivityOf(e.LastAt, e.Operation, e.Result.ToString().ToLowerInvariant(), e.UserName, e.TargetKind, e.TargetName, e.Count))]))
                : ApiProblem.Of(found.Failure);
        });

        // Last in the order of routes, as a fallback is: no address under /api ends in a page of HTML.
        routes.MapFallback("/api/{**path}", () => ApiProblem.Of(Failure.NotFound)).RequireAuthorization(Policy).DisableAntiforgery();
    }

    /// <summary>A resource that is only read: HEAD is GET without its body (RFC 9110), any other method is told which there are.</summary>
    private static void Get(IEndpointRouteBuilder api, string path, Delegate read)
    {
        api.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], read);
        api.Map(path, (HttpContext context) =>
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return ApiProblem.WriteAsync(context, s_method, StatusCodes.Status405MethodNotAllowed);
        });
    }

    /// <summary>Who the token of this request acts for.</summary>
    internal static Actor TokenActor(this HttpContext context) =>
        context.Items[TokenAuthentication.ActorItem] as Actor ?? throw new InvalidOperationException("An endpoint of the API was reached without its policy.");

    private static List<string> Scopes(ApiScopes scopes) =>
        [.. new[] { ApiScopes.Read, ApiScopes.Write, ApiScopes.Assistant, ApiScopes.Clusters }.Where(s => scopes.HasFlag(s)).Select(s => s.ToString().ToLowerInvariant())];

    private static readonly Failure s_method = new(FailureKind.Invalid, "api.method_not_allowed");
    private static readonly Failure s_badPage = new(FailureKind.Invalid, "api.page_invalid");

    private sealed record Me(Guid Id, string Name, string Email, List<string> Scopes, TeamOf? Team);

    private sealed record TeamOf(Guid Id, string Slug, string Name, string Role);

    private sealed record ActivityPage(int Total, List<ActivityOf> Items);

    private sealed record ActivityOf(DateTimeOffset At, string Operation, string Result, string By, string TargetKind, string Target, int Count);

    private sealed record ClusterOf(Guid Id, string Slug, string Name);
}
