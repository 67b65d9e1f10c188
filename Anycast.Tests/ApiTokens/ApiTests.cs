using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Beta;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.ApiTokens;

/// <summary>The REST interface over HTTP: a bearer token in the header is the one way in.</summary>
public sealed class ApiTests
{
    [Fact]
    [PolicyClause("D22", "U02")]
    public async Task Requests_UnderApi_AnswerToABearerTokenAlone()
    {
        await using var app = new InProcessApp();
        using var client = app.CreateClient();
        var (actor, token) = await TokenAsync(app);

        var me = await SendAsync(client, "/api/v1/me", token);
        Assert.Equal((HttpStatusCode.OK, "Ada"), (me.Status, me.Body.GetProperty("name").GetString()));
        Assert.Equal("owner", me.Body.GetProperty("team").GetProperty("role").GetString());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, "/api/v1/clusters", token)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(client, "/api/v1/nothing-here", token)).Status);

        Assert.Equal((HttpStatusCode.Unauthorized, "token_missing"), await RefusalAsync(client, "/api/v1/me", null));
        Assert.Equal((HttpStatusCode.Unauthorized, "token_missing"), await RefusalAsync(client, "/api/v1/nothing-here", null));
        Assert.Equal((HttpStatusCode.Unauthorized, "token_invalid"), await RefusalAsync(client, "/api/v1/me", TokenFormat.New()));
        Assert.Equal((HttpStatusCode.BadRequest, "token_in_address"), await RefusalAsync(client, "/api/v1/me?access_token=" + token, null));
        Assert.Equal((HttpStatusCode.BadRequest, "token_in_address"), await RefusalAsync(client, "/api/v1/me?x=" + token, token));

        // A token opens no page, whatever it may do under /api.
        using var page = new HttpRequestMessage(HttpMethod.Get, "/me/profile");
        page.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.SendAsync(page);
        Assert.DoesNotContain("Ada", await answer.Content.ReadAsStringAsync());
        Assert.NotEqual(Guid.Empty, actor.UserId);
    }

    [Fact]
    public async Task Requests_OfAnyMethodAndPage_AnswerInTheApisOwnWords()
    {
        await using var app = new InProcessApp();
        using var client = app.CreateClient();
        var (actor, token) = await TokenAsync(app);
        Assert.True((await app.Services.GetRequiredService<BetaService>().EnrolAsync(actor, BetaCatalogue.ActivityApi.Key, default)).IsOk);
        foreach (var page in new[] { "abc", "0", "-1", "99999999999" })
        {
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "api.page_invalid"), await RefusalAsync(client, "/api/v1/activity?page=" + page, token));
        }

        // Beyond the end there is nothing, so that whoever reads page after page comes to an end.
        Assert.NotEqual(0, (await SendAsync(client, "/api/v1/activity?page=1", token)).Body.GetProperty("items").GetArrayLength());
        foreach (var page in new[] { "2", "999999", "2147483647" })
        {
            Assert.Equal(0, (await SendAsync(client, "/api/v1/activity?page=" + page, token)).Body.GetProperty("items").GetArrayLength());
        }

        foreach (var (method, path, status) in new[]
        {
            (HttpMethod.Post, "/api/v1/me", HttpStatusCode.MethodNotAllowed), (HttpMethod.Delete, "/api/v1/clusters", HttpStatusCode.MethodNotAllowed),
            (HttpMethod.Put, "/api/v1/activity", HttpStatusCode.MethodNotAllowed), (HttpMethod.Post, "/api/v1/nothing-here", HttpStatusCode.NotFound),
            (HttpMethod.Get, "/api/nothing-here", HttpStatusCode.NotFound), (HttpMethod.Head, "/api/v1/me", HttpStatusCode.OK),
        })
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await client.SendAsync(request);
            Assert.Equal((path, status), (path, response.StatusCode));
            Assert.Equal(status == HttpStatusCode.OK ? "application/json" : "application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.Equal(status == HttpStatusCode.MethodNotAllowed ? ["GET", "HEAD"] : [], response.Content.Headers.Allow);
        }
    }

    private static async Task<(HttpStatusCode Status, string? Code)> RefusalAsync(HttpClient client, string path, string? token)
    {
        var (status, body) = await SendAsync(client, path, token);
        return (status, body.GetProperty("code").GetString());
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpClient client, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var response = await client.SendAsync(request);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.Clone());
    }

    private static async Task<(Actor Actor, string Token)> TokenAsync(InProcessApp app)
    {
        var services = app.Services;
        var user = services.NewUser("ada@example.org", "Ada");
        user.EmailConfirmed = true;
        await using (var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync())
        {
            db.Users.Add(user);
            await db.SaveChangesAsync();
        }

        var session = Ids.New(TimeProvider.System);
        await services.GetRequiredService<SessionService>().OpenAsync(session, user.Id, [1], null, "", default);
        var actor = ActorFactory.For(user, session);
        var team = await services.GetRequiredService<TeamService>().CreateAsync(actor, "Shop", default);
        var made = await services.GetRequiredService<ApiTokenService>().CreateAsync(actor, team.Value!.Slug, "test", ApiScopes.Read | ApiScopes.Clusters, default);
        return (actor, made.Value!.Secret);
    }
}
