using Anycast.Tests.Assistant;
using Anycast.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Anycast.Tests.Journeys;

/// <summary>What a provider of models is sent: every tool, asked for all that it can be asked for, over the real tunnel.</summary>
[Collection(JourneyCollection.Name)]
public sealed class PromptTests(BrowserFixture browser)
{
    private static readonly string[] s_kinds =
        ["Pod", "Deployment", "ReplicaSet", "Node", "Event", "Service", "Ingress", "PersistentVolumeClaim", "Job", "CronJob"];

    [Fact]
    [PolicyClause("S07")]
    public async Task EveryTool_CalledByAModel_BringsNoWorkloadDataIntoAPrompt()
    {
        await using var model = await ModelServer.StartAsync(AnswerAsync);
        await using var product = await ConnectedProduct.StartAsync(browser, new Dictionary<string, string?>
        {
            ["Anycast:Assistant:Providers:0:Kind"] = "OpenAICompatible",
            ["Anycast:Assistant:Providers:0:Endpoint"] = model.Address + "/v1",
            ["Anycast:Assistant:Providers:0:ApiKey"] = "sk-test",
            ["Anycast:Assistant:Providers:0:Models:0"] = "m",
        });
        await product.Visitor.AskAsync(product.TeamPath + "/chat?cluster=production", "Look at everything.");
        await product.Visitor.ShotAsync("journey-model");

        var prompts = string.Join('\n', model.Requests.Select(r => r.Body));
        Assert.Contains("\"role\":\"tool\"", prompts, StringComparison.Ordinal);

        // The positive control: what the tools are for did come through, and the same search finds canaries where they are.
        Assert.Contains("registry.shop.example/checkout:2.4.l", prompts, StringComparison.Ordinal);
        Assert.Contains("ImagePullBackOff", prompts, StringComparison.Ordinal);
        var canaries = product.Cluster.Canaries;
        Assert.NotEmpty(Found(canaries, await product.RawAsync("/api/v1/pods")));

        Assert.Empty(Found(canaries, prompts));
        Assert.DoesNotContain(product.Cluster.AgentToken, prompts, StringComparison.Ordinal);
        Assert.DoesNotContain("operator@example.org", prompts, StringComparison.Ordinal);
        product.Visitor.AssertNoTrouble();
    }

    /// <summary>First all tools in one round, then a word.</summary>
    private static Task AnswerAsync(HttpContext context, int request)
    {
        if (request > 1)
        {
            return ModelServer.EventsAsync(context, ModelServer.OpenAi(["Done."]));
        }

        (string Name, object Arguments)[] calls =
        [
            .. s_kinds.Select(k => ("list_resources", (object)new { kind = k, limit = 100 })),
            ("diagnose", new { }),
            ("find_by_name", new { words = new[] { "checkout", "canary", "ledger-signing" } }),
            .. new[] { ("Secret", "checkout"), ("ConfigMap", "checkout"), ("Deployment", "checkout"), ("Service", "checkout"), ("ServiceAccount", "default") }
                .Select(o => ("get_resource", (object)new { kind = o.Item1, name = o.Item2, @namespace = "shop" })),
            ("describe_with_events", new { kind = "Deployment", name = "checkout", @namespace = "shop" }),
            ("describe_with_events", new { kind = "Deployment", name = "ledger", @namespace = "payments" }),
            ("describe_with_events", new { kind = "Deployment", name = "analytics", @namespace = "data" }),
            ("describe_with_events", new { kind = "Node", name = "worker-3" }),
            ("propose_change", new { operation = "Scale", kind = "Deployment", name = "checkout", @namespace = "shop", changes = new[] { new { path = "spec.replicas", value = "2" } } }),
        ];
        return ModelServer.EventsAsync(context, ModelServer.OpenAiCalls(calls));
    }

    private static List<string> Found(IEnumerable<string> canaries, string text) => [.. canaries.Where(c => c.Length >= 8 && text.Contains(c, StringComparison.Ordinal))];
}
