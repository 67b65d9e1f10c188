using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Accounts;
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
        api.MapGet("/me", async (HttpContext context, AccountService accounts, TeamService teams, CancellationToken ct) =>
        {
            var actor = context.TokenActor();
            var user = await accounts.GetAsync(actor, ct);
            var team = (await teams.ListAsync(actor, ct)).SingleOrDefault(t => t.Id == actor.TokenTeamId);
            return user.IsOk
                ? Results.Ok(new Me(user.Value.Id, user.Value.Name, user.Value.Email ?? "", Scopes(actor.Scopes), team is null ? null : new TeamOf(team.Id, team.Slug, team.Name, team.Role.ToString().ToLowerInvariant())))
                : ApiProblem.Of(user.Failure);
        });
        api.MapGet("/clusters", async (HttpContext context, ClusterService clusters, CancellationToken ct) =>
        {
            var actor = context.TokenActor();
            var found = await clusters.ListAsync(actor, actor.TokenTeamId!.Value, ct);
            return found.IsOk ? Results.Ok(new List<ClusterOf>(found.Value.Select(c => new ClusterOf(c.Id, c.Slug, c.Name)))) : ApiProblem.Of(found.Failure);
        });
        api.MapGet("/activity", async (HttpContext context, TeamService teams, string? q, int? page, CancellationToken ct) =>
        {
            var actor = context.TokenActor();
            var team = (await teams.ListAsync(actor, ct)).SingleOrDefault(t => t.Id == actor.TokenTeamId);
            var found = team is null ? Failure.NotFound : await teams.ActivityAsync(actor, team.Slug, new ActivityFilter(q), new PageRequest(page ?? 1), ct);
            return found.IsOk
                ? Results.Ok(new ActivityPage(found.Value.Total, [.. found.Value.Items.Select(e => new ActivityOf(e.LastAt, e.Operation, e.Result.ToString().ToLowerInvariant(), e.UserName, e.TargetKind, e.TargetName, e.Count))]))
                : ApiProblem.Of(found.Failure);
        });
        routes.MapFallback("/api/{**path}", () => ApiProblem.Of(Failure.NotFound)).RequireAuthorization(Policy).DisableAntiforgery();
    }

    /// <summary>Who the token of this request acts for.</summary>
    internal static Actor TokenActor(this HttpContext context) =>
        context.Items[TokenAuthentication.ActorItem] as Actor ?? throw new InvalidOperationException("An endpoint of the API was reached without its policy.");

    private static List<string> Scopes(ApiScopes scopes) =>
        [.. new[] { ApiScopes.Read, ApiScopes.Write, ApiScopes.Assistant, ApiScopes.Clusters }.Where(s => scopes.HasFlag(s)).Select(s => s.ToString().ToLowerInvariant())];

    private sealed record Me(Guid Id, string Name, string Email, List<string> Scopes, TeamOf? Team);

    private sealed record TeamOf(Guid Id, string Slug, string Name, string Role);

    private sealed record ActivityPage(int Total, List<ActivityOf> Items);

    private sealed record ActivityOf(DateTimeOffset At, string Operation, string Result, string By, string TargetKind, string Target, int Count);

    private sealed record ClusterOf(Guid Id, string Slug, string Name);
}
