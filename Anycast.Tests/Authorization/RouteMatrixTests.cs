using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Authorization;

/// <summary>
/// Every route, asked by everybody there is with a session of their own. The routes come from the host itself, so that a new one without cells
/// fails; what each caller gets is a committed file (Authorization/routes.tsv). <c>ANYCAST_UPDATE_MATRIX=1</c> writes it anew.
/// </summary>
public sealed partial class RouteMatrixTests
{
    private static readonly string[] s_callers = ["anonymous", "stranger", "viewer", "member", "admin", "owner", "restricted", "support", "operator", "blocked", "deleted"];
    private static readonly string[] s_outsiders = ["anonymous", "stranger", "support", "operator", "blocked", "deleted"];

    [Fact]
    [PolicyClause("D03", "U02")]
    public async Task Routes_OfTheHost_GiveEachCallerWhatTheFileSays()
    {
        using var app = new InProcessApp();
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false });
        var world = await MatrixWorld.MakeAsync(app.Services, TimeProvider.System);
        var cookies = new Dictionary<string, string?> { ["anonymous"] = null };
        foreach (var caller in s_callers.Skip(1))
        {
            cookies[caller] = await app.Services.SessionCookieAsync(world[caller]);
        }

        var tokens = await TokensAsync(app.Services, world);
        var text = new StringBuilder("route\t").AppendJoin('\t', s_callers).Append('\t').AppendJoin('\t', tokens.Keys.Select(s => $"token {s}")).Append('\n');
        var leaks = new List<string>();
        foreach (var (method, pattern) in Routes(app))
        {
            text.Append(method).Append(' ').Append(pattern);
            var anonymous = await AskAsync(client, method, Address(pattern, world), cookie: null);
            foreach (var caller in s_callers)
            {
                var cell = await AskAsync(client, method, Address(pattern, world), cookies[caller]);
                text.Append('\t').Append(cell);
                if ((s_outsiders.Contains(caller) && TeamPattern().IsMatch(pattern) && cell == "200") || cell.StartsWith('5'))
                {
                    leaks.Add($"{method} {pattern} by {caller}: {cell}");
                }
            }

            // A token is worth something under /api alone; that it is worth nothing elsewhere is seen once for each route.
            foreach (var (scopes, secret) in tokens)
            {
                var cell = await AskAsync(client, method, Address(pattern, world), cookie: null, secret);
                text.Append('\t').Append(cell);
                if (!pattern.StartsWith("/api", StringComparison.Ordinal) && cell != anonymous)
                {
                    leaks.Add($"{method} {pattern} by a token ({scopes}): {cell}, without one {anonymous}");
                }
            }

            text.Append('\n');
        }

        var file = RepositoryRoot.At("Anycast.Tests", "Authorization", "routes.tsv");
        if (Environment.GetEnvironmentVariable("ANYCAST_UPDATE_MATRIX") == "1")
        {
            await File.WriteAllTextAsync(file, text.ToString());
        }

        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
        var expected = (await File.ReadAllTextAsync(file)).ReplaceLineEndings("\n").Split('\n');
        var found = text.ToString().Split('\n');
        Assert.True(found.SequenceEqual(expected), $"New: {string.Join("\n     ", found.Except(expected))}\nGone: {string.Join("\n      ", expected.Except(found))}\nIf this is meant, run with ANYCAST_UPDATE_MATRIX=1 and read the difference.");
    }

    /// <summary>Every route that is no file.</summary>
    internal static IEnumerable<(string Method, string Pattern)> Routes(InProcessApp app) => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => !e.Metadata.Any(m => m.GetType().FullName!.Contains("StaticAsset", StringComparison.Ordinal)))
        .Select(e => (Methods: e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [], Pattern: "/" + e.RoutePattern.RawText?.TrimStart('/')))
        .Where(r => !r.Pattern.StartsWith("/_", StringComparison.Ordinal) && !r.Pattern.Contains(":file", StringComparison.Ordinal) && !Path.HasExtension(r.Pattern))
        .Select(r => (Method: r.Methods.Count == 0 || r.Methods.Contains("GET") ? "GET" : r.Methods[0], r.Pattern))
        .Distinct().OrderBy(r => r.Pattern, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal);

    /// <summary>The route with the world's own things in place of its parameters.</summary>
    private static string Address(string pattern, MatrixWorld world) => ParameterPattern().Replace(pattern, match => match.Groups[1].Value.ToLowerInvariant() switch
    {
        "team" or "teamslug" => world.Slug,
        "cluster" => MatrixWorld.ClusterSlug,
        "segment" => "pods",
        "group" => "apps",
        "kind" => "Deployment",
        "namespace" => "shop",
        "name" => "checkout",
        "id" => (pattern.StartsWith("/avatars", StringComparison.Ordinal) ? world.AvatarId : pattern.Contains("/chat", StringComparison.Ordinal) ? world.ConversationId : world.ProposalId).ToString(),
        "token" => new string('a', 43),
        "path" => "",
        var other => throw new InvalidOperationException($"The matrix has no value for a route's parameter '{other}'; say one in RouteMatrixTests.Address."),
    });

    /// <summary>Tokens of the owner with one scope each, and with all.</summary>
    private static async Task<Dictionary<ApiScopes, string>> TokensAsync(IServiceProvider services, MatrixWorld world)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        var tokens = new[] { ApiScopes.Read, ApiScopes.Write, ApiScopes.Assistant, ApiScopes.Clusters, ApiScopes.Read | ApiScopes.Clusters, ApiScopes.All }.ToDictionary(s => s, _ => TokenFormat.New());
        var now = TimeProvider.System.GetUtcNow();
        db.ApiTokens.AddRange(tokens.Select(t => new ApiToken
        {
            Id = Ids.New(TimeProvider.System), UserId = world["owner"].UserId, TeamId = world.TeamId, Name = t.Key.ToString(), Hash = Ids.Hash(t.Value), Ending = t.Value[^4..], Scopes = t.Key, CreatedAt = now, ExpiresAt = now.AddDays(30),
        }));
        await db.SaveChangesAsync();
        return tokens;
    }

    private static async Task<string> AskAsync(HttpClient client, string method, string address, string? cookie, string? token = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        if (method != "GET")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        if (token is not null)
        {
            request.Headers.Add("Authorization", "Bearer " + token);
        }

        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var status = ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.ToString().Contains("/account/login", StringComparison.Ordinal) ? "sign-in" : status;
    }

    [GeneratedRegex(@"\{\*{0,2}([A-Za-z]+)(?::[a-z]+)?\}")]
    internal static partial Regex ParameterPattern();

    [GeneratedRegex(@"\{Team(Slug)?\}|\{team\}")]
    private static partial Regex TeamPattern();
}
