using Anycast.Core.Agents;
using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Models;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Common.Tools;
using Anycast.Core.Data;
using Anycast.Core.Diagnostics;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Core.Usage;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Assistant;

/// <summary>A tool of the tests: answers what it is given and counts its calls.</summary>
internal sealed class ProbeTool(string name, Func<ProbeTool.JsonArgs, CancellationToken, Task<ToolResult>> run) : Tool
{
    public List<string> Arguments { get; } = [];

    /// <summary>Whether its output is kept.</summary>
    public bool Keeps { get; init; } = true;

    /// <summary>Whether models are told of it.</summary>
    public Func<bool> Offered { get; init; } = () => true;

    public override bool KeepsOutput => Keeps;

    public override Task<bool> IsOfferedAsync(ToolContext context, CancellationToken ct) => Task.FromResult(Offered());

    public override string Name => name;

    public override string Description => "A tool of the tests.";

    public override ToolEffect Effect => ToolEffect.ReadOnly;

    public override System.Text.Json.JsonElement Schema => System.Text.Json.JsonSerializer.SerializeToElement(new { type = "object" });

    public override Task<ToolResult> InvokeAsync(ToolContext context, System.Text.Json.JsonElement arguments, CancellationToken ct)
    {
        lock (Arguments)
        {
            Arguments.Add(arguments.GetRawText());
        }

        return run(new JsonArgs(context, arguments), ct);
    }

    internal sealed record JsonArgs(ToolContext Context, System.Text.Json.JsonElement Value);

    public static ToolResult Ok(object output) => new(System.Text.Json.JsonSerializer.SerializeToElement(output, ToolJson.Options), Read: "read");
}

/// <summary>The assistant on a real database, with a model and tools of the test's own.</summary>
internal sealed class AssistantWorld : IAsyncDisposable
{
    private AssistantWorld(CoreHost host, Actor actor, Team team)
    {
        Host = host;
        Actor = actor;
        Team = team;
    }

    public CoreHost Host { get; }

    public Actor Actor { get; }

    public Team Team { get; }

    public AssistantRuns Runs => Host.Get<AssistantRuns>();

    public ConversationService Conversations => Host.Get<ConversationService>();

    public static async Task<AssistantWorld> StartAsync(IChatClient? model = null, IReadOnlyList<Tool>? tools = null, AssistantTimings? timings = null, IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? more = null)
    {
        var host = await CoreHost.StartAsync(TestProvider.Sqlite, (s, c) =>
        {
            Add(s, c, model, tools, timings);
            more?.Invoke(s);
        }, settings);
        var actor = await host.ActorAsync();
        var team = await TeamAsync(host, actor);
        return new AssistantWorld(host, actor, team);
    }

    public static void Add(IServiceCollection services, IConfiguration configuration, IChatClient? model, IReadOnlyList<Tool>? tools, AssistantTimings? timings)
    {
        services.AddClusters();
        services.AddAgents(configuration);
        services.AddProposals();
        services.AddUsage();
        services.AddDiagnostics();
        services.AddAssistant(configuration);
        services.AddSingleton(timings ?? Fast);
        if (model is not null)
        {
            services.AddSingleton(new ChatClientFactory([new ChatModel("Test", "test-1", model)]));
        }

        if (tools is not null)
        {
            services.AddSingleton(new ToolCatalog(tools));
        }
    }

    /// <summary>No pacing: the host's clock stands still, so nothing may wait on it.</summary>
    public static AssistantTimings Fast { get; } = new() { Flush = TimeSpan.Zero, Word = TimeSpan.Zero, Retry = TimeSpan.Zero };

    public static async Task<Team> TeamAsync(CoreHost host, Actor actor, TeamRole role = TeamRole.Owner)
    {
        var team = new Team { Id = Guid.NewGuid(), Slug = "t" + Guid.NewGuid().ToString("N")[..8], Name = "Team", CreatedAt = host.Clock.GetUtcNow() };
        await using (var db = await host.OpenAsync())
        {
            db.Teams.Add(team);
            await db.SaveChangesAsync();
        }

        await host.JoinAsync(team.Id, actor.UserId, role);
        return team;
    }

    public async Task<Guid> ConversationAsync()
    {
        var made = await Conversations.CreateAsync(Actor, Team.Id, null, CancellationToken.None);
        Assert.True(made.IsOk, made.Failure?.Code);
        return made.Value.Id;
    }

    public async Task AskAsync(Guid conversation, string question)
    {
        var asked = await Runs.AskAsync(Actor, Team.Id, conversation, question, "", CancellationToken.None);
        Assert.True(asked.IsOk, asked.Failure?.Code);
    }

    /// <summary>Asks and waits for the end.</summary>
    public async Task<Message> AnswerAsync(string question, Guid? conversation = null)
    {
        var id = conversation ?? await ConversationAsync();
        await AskAsync(id, question);
        return await EndAsync(id);
    }

    /// <summary>The last message once it has ended.</summary>
    public async Task<Message> EndAsync(Guid conversation)
    {
        await Eventually.TrueAsync(async () => (await LastAsync(conversation)).State != MessageState.Running, "the answer ends");
        return await LastAsync(conversation);
    }

    public async Task<Message> LastAsync(Guid conversation) => (await MessagesAsync(conversation))[^1];

    public async Task<IReadOnlyList<Message>> MessagesAsync(Guid conversation)
    {
        var view = await Conversations.GetAsync(Actor, Team.Id, conversation, CancellationToken.None);
        Assert.True(view.IsOk);
        return view.Value.Messages;
    }

    public async Task<RunSubscription> SubscribeAsync(Guid conversation) =>
        (await Runs.SubscribeAsync(Actor, Team.Id, conversation, CancellationToken.None)).Value!;

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}
