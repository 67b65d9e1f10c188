using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Diagnostics;
using Anycast.Core.Usage;
using Anycast.Tests.Clusters;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Rows;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Assistant;

/// <summary>A class fixture: the built-in assistant on the broken shop, through the real agent.</summary>
public sealed class AskTheShop : IAsyncLifetime
{
    public ConnectedCluster Shop { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Shop = await ConnectedCluster.StartAsync(more: (services, configuration) =>
        {
            services.AddUsage();
            services.AddDiagnostics();
            services.AddAssistant(configuration);
            services.AddSingleton(AssistantWorld.Fast);
        });
        await Shop.RowAsync<PodRow>("Pod", "payments", PodOf("payments", "fraud-scorer"), p => p.Status == "Pending", "the shop is broken as it should be");
    }

    public ValueTask DisposeAsync() => Shop?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Asks one question after the other in one conversation; the last answer.</summary>
    internal async Task<Message> AskAsync(params string[] questions)
    {
        var made = await Shop.Core.Get<ConversationService>().CreateAsync(Shop.Owner, Shop.Team.Id, Shop.Cluster.Id, CancellationToken.None);
        Message? last = null;
        foreach (var question in questions)
        {
            var asked = await Shop.Core.Get<AssistantRuns>().AskAsync(Shop.Owner, Shop.Team.Id, made.Value!.Id, question, "", CancellationToken.None);
            Assert.True(asked.IsOk, asked.Failure?.Code);
            await Eventually.TrueAsync(async () => (last = await LastAsync(made.Value.Id)).State != MessageState.Running, $"\"{question}\" is answered", TimeSpan.FromSeconds(40));
            Assert.Equal(MessageState.Complete, last!.State);
            TestContext.Current.TestOutputHelper?.WriteLine($"> {question}\n[{string.Join(", ", last.ToolCalls.Select(t => $"{t.Name} {t.Arguments}{(t.Code is null ? "" : " → " + t.Code)}"))}]\n{last.Text}\n");
        }

        return last!;
    }

    /// <summary>Name of a pod of an app.</summary>
    public string PodOf(string ns, string app) =>
        (string)Shop.Sandbox.Store.List("Pod", ns).Select(p => p["metadata"]!).First(m => (string?)m["labels"]?["app"] == app && m["deletionTimestamp"] is null)["name"]!;

    private async Task<Message> LastAsync(Guid conversation) =>
        (await Shop.Core.Get<ConversationService>().GetAsync(Shop.Owner, Shop.Team.Id, conversation, CancellationToken.None)).Value!.Messages[^1];
}
