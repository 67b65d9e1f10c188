using System.Text.Json;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Guards;

/// <summary>
/// Every route with its methods and its policy is a committed list (Guards/routes.json): a new route, or one that lost its policy, is seen
/// in review. <c>ANYCAST_UPDATE_ROUTES=1</c> writes the list anew.
/// </summary>
public sealed class RouteTests
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void Routes_OfTheHost_AreTheCommittedOnes()
    {
        using var app = new InProcessApp();
        var found = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => !IsFile(e)).Select(Describe).Distinct().Order(StringComparer.Ordinal).ToList();
        var text = JsonSerializer.Serialize(found, s_indented).ReplaceLineEndings("\n") + "\n";
        var file = RepositoryRoot.At("Anycast.Tests", "Guards", "routes.json");
        if (Environment.GetEnvironmentVariable("ANYCAST_UPDATE_ROUTES") == "1")
        {
            File.WriteAllText(file, text);
        }

        var committed = JsonSerializer.Deserialize<List<string>>(File.ReadAllText(file))!;
        Assert.True(
            found.SequenceEqual(committed),
            $"New: {string.Join(" ; ", found.Except(committed))}\nGone: {string.Join(" ; ", committed.Except(found))}\nIf this is meant, run with ANYCAST_UPDATE_ROUTES=1.");
    }

    // Static files have one endpoint each, with the fingerprint of their content in its name.
    private static bool IsFile(RouteEndpoint endpoint) =>
        endpoint.RoutePattern.RawText is { } pattern && (Path.HasExtension(pattern) || pattern.StartsWith("_content/", StringComparison.Ordinal)
            || endpoint.Metadata.Any(m => m.GetType().FullName!.Contains("StaticAsset", StringComparison.Ordinal)));

    private static string Describe(RouteEndpoint endpoint)
    {
        var methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [];
        var needs = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>();
        var access = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "everybody"
            : needs.Count == 0 ? "everybody (says nothing)"
            : string.Join(" and ", needs.Select(n => n.Policy ?? (n.Roles is null ? "signed in" : "role " + n.Roles)).Distinct().Order());
        return $"/{endpoint.RoutePattern.RawText?.TrimStart('/')} [{string.Join(',', methods.Order())}] {access}";
    }
}
