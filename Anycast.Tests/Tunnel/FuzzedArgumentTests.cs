using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Anycast.Core.Agents.Transport;
using Anycast.Tests.Harness;
using Anycast.Tunnel;

namespace Anycast.Tests.Tunnel;

/// <summary>
/// Strings that would be a command, a path or a parameter of their own somewhere, in every place where the service hands the agent a string (T6):
/// whatever reaches the API server keeps to the template of the operation. That the agent starts no process is a rule on its sources.
/// </summary>
public sealed class FuzzedArgumentTests
{
    private static readonly string[] s_hostile =
    [
        ";", "; rm -rf /", "$(id)", "`id`", "|", "&&", "../", "/..", "..", "/../../secrets/db", "%2f", "%2e%2e%2f", "%00", "\\", "\0", "\n", "\r\nHost: evil", " ", "?", "?watch=true", "&watch=true", "#", "{", "}", "'", "\"", "$", "<", "*", ",", "=",
        "//", ":", "@", "~", "!", "A", "\u00c9", "\u202e", "\ufb01", "\u0130", "\uff0e\uff0e\uff0f", "\ud83d\ude00", "/log", "/exec?command=sh", "/proxy/", "/secrets",
    ];

    // {0}: the string. Every place of the three shapes of the wire contract.
    private static readonly string[] s_places =
    [
        "/objects/api/v1/namespaces/{0}/pods", "/objects/api/v1/namespaces/shop/pods/{0}", "/objects/api/v1/nodes/{0}", "/objects/api/v1/namespaces/shop/{0}", "/objects/apis/{0}/v1/namespaces/shop/deployments",
        "/objects/apis/apps/{0}/deployments", "/objects/api/v1/namespaces/shop/pods?labelSelector={0}", "/objects/api/v1/namespaces/shop/pods?continue={0}", "/objects/api/v1/namespaces/shop/pods?limit={0}",
        "/objects/api/v1/namespaces/shop/pods?{0}=1", "/rows/Pod?namespace={0}", "/rows/{0}", "/logs/{0}/web-1", "/logs/shop/{0}", "/logs/shop/web-1?container={0}", "/config-data/{0}/app", "/config-data/shop/{0}",
    ];

    private static readonly string[] s_fields = ["kind", "group", "namespace", "name", "path", "value"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public Task Strings_InEveryPlace_KeepToTheTemplates() => RunAsync(150, null);

    [Fact]
    [Trait("Category", "Long")]
    public Task Strings_FiveThousandInEveryPlace_KeepToTheTemplates() => RunAsync(5_000, "Strings that would be commands or paths, in every place that takes one");

    [Fact]
    public void Judgement_OfWhatLeavesItsTemplate_FindsIt()
    {
        Assert.True(Keeps("GET", "/api/v1/namespaces/shop/pods?limit=5&labelSelector=a%3Db"));
        Assert.All(
            new[] { ("GET", "/api/v1/namespaces/shop/secrets/db"), ("GET", "/api/v1/namespaces/shop/pods/../secrets/db"), ("GET", "/api/v1/namespaces/shop/pods?limit=5&watch=true"), ("DELETE", "/api/v1/namespaces/shop/pods/web-1"), ("GET", "/api/v1/namespaces/shop/pods/web-1/log") },
            call => Assert.False(Keeps(call.Item1, call.Item2)));
    }

    private static async Task RunAsync(int strings, string? figure)
    {
        await using var api = await ScriptedApi.StartAsync((context, _) => ScriptedApi.JsonAsync(context, """{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}"""));
        await using var world = await TunnelWorld.StartAsync(api.Kubeconfig);
        var random = new Random(20261126);
        var sent = 0;
        for (var i = 0; i < strings; i++)
        {
            var text = Text(random);
            foreach (var place in s_places)
            {
                await SendAsync(world.Client.Carrier, place.Replace("{0}", Uri.EscapeDataString(text), StringComparison.Ordinal), null);
                sent++;
                if (text.All(c => c is > ' ' and < '\u007f' and not ('#' or '<' or '"' or '{' or '}' or '`' or '|' or '\\' or '^')))
                {
                    await SendAsync(world.Client.Carrier, place.Replace("{0}", text, StringComparison.Ordinal), null); // As it stands, its own percent signs and slashes included.
                    sent++;
                }
            }

            foreach (var field in s_fields)
            {
                await SendAsync(world.Client.Carrier, TunnelRoutes.Operations, Operation(field, text));
                sent++;
            }
        }

        var astray = api.Calls.Where(c => !HostileServiceTests.IsOptIn(c) && !Keeps(c.Method, c.Target)).Select(c => $"{c.Method} {c.Target}").Distinct().ToList();
        if (figure is not null)
        {
            FaultFigures.Record(figure, ("strings", strings, "", null), ("requests", sent, "", null), ("requests to the API server outside a template", astray.Count, "", 0));
        }

        Assert.Empty(astray);
        Assert.True(sent >= strings * (s_places.Length + s_fields.Length));

        // The positive control: a string that is what it should be does arrive.
        var before = api.Calls.Count;
        await SendAsync(world.Client.Carrier, "/objects/api/v1/namespaces/shop/pods?limit=5", null);
        Assert.Equal(before + 1, api.Calls.Count);
    }

    /// <summary>A read that the law allows, with no parameter but those of a list; or what an operation asks and tries.</summary>
    private static bool Keeps(string method, string target)
    {
        var query = target.Contains('?', StringComparison.Ordinal) ? target[(target.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=')[0]).ToList() : [];
        return method == "GET" && !target.Split('?')[0].Contains("..", StringComparison.Ordinal) && HostileServiceTests.AllowedPattern().IsMatch($"{method} {target}")
            && query.All(p => p is "limit" or "continue" or "labelSelector" or "fieldSelector")
            && query.Distinct(StringComparer.Ordinal).Count() == query.Count;
    }

    private static string Text(Random random)
    {
        var text = new StringBuilder(random.Next(3) == 0 ? "-" : "");
        for (var parts = random.Next(1, 4); parts > 0; parts--)
        {
            text.Append(s_hostile[random.Next(s_hostile.Length)]).Append("web-1".AsSpan(0, random.Next(6)));
        }

        return random.Next(50) == 0 ? text.Append('a', 5_000).ToString() : text.ToString();
    }

    private static string Operation(string field, string text)
    {
        string Of(string name, string usual) => field == name ? text : usual;
        return JsonSerializer.Serialize(new
        {
            operation = "Scale",
            target = new { group = Of("group", "apps"), kind = Of("kind", "Deployment"), @namespace = Of("namespace", "shop"), name = Of("name", "web") },
            leaves = new[] { new { path = Of("path", "spec.replicas"), value = Of("value", "x") } },
            dryRun = true,
        });
    }

    private static async Task SendAsync(AgentCarrier carrier, string target, string? body)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, new Uri("http://agent" + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        try
        {
            // Rows would go on: what they begin with is enough.
            using var response = await carrier.SendAsync(request, Ct);
        }
        catch (AgentOfflineException e) when (e.InnerException?.InnerException is HttpProtocolException { ErrorCode: 1 })
        {
            // Refused before any route: the agent's server takes a path such as that for a broken request (RFC 9113 §8.1.1) and resets the stream.
        }
    }
}
