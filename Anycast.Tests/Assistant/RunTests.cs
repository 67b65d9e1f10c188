using System.Text;
using System.Threading.Channels;
using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Core.Usage;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using static Anycast.Tests.Assistant.ScriptedChatClient;

namespace Anycast.Tests.Assistant;

/// <summary>Answers belong to the server: any tab follows, stopping keeps what is there, nothing accepted is lost.</summary>
public sealed class RunTests
{
    private static async IAsyncEnumerable<ChatResponseUpdate> From(ChannelReader<string> words, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var word in words.ReadAllAsync(ct))
        {
            yield return Text(word);
        }

        yield return Tokens(100, 40, 7);
        yield return End();
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Say(params ChatResponseUpdate[] updates)
    {
        foreach (var update in updates)
        {
            await Task.Yield();
            yield return update;
        }
    }

    private static async Task<string> ReadAsync(RunSubscription subscription, List<AssistantEvent>? events = null)
    {
        var text = new StringBuilder();
        await foreach (var what in subscription.ReadAsync(CancellationToken.None))
        {
            events?.Add(what);
            if (what is AssistantEvent.TextDelta delta)
            {
                text.Append(delta.Text);
            }
        }

        return text.ToString();
    }

    [Fact]
    public async Task Subscribe_TwoTabsOneLate_BothSeeTheWholeAnswer()
    {
        var words = Channel.CreateUnbounded<string>();
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => From(words.Reader)));
        var id = await world.ConversationAsync();
        await world.AskAsync(id, "why?");
        var first = ReadAsync(await world.SubscribeAsync(id));
        words.Writer.TryWrite("The image ");
        await Eventually.TrueAsync(async () => (await world.LastAsync(id)).Text == "The image ", "the first words are stored");
        var events = new List<AssistantEvent>();
        var late = ReadAsync(await world.SubscribeAsync(id), events);
        words.Writer.TryWrite("does not exist.");
        words.Writer.Complete();

        Assert.Equal("The image does not exist.", await first);
        Assert.Equal("The image does not exist.", await late);
        Assert.IsType<AssistantEvent.Done>(events[^1]);
        var message = await world.EndAsync(id);
        Assert.Equal((MessageState.Complete, "The image does not exist."), (message.State, message.Text));
        Assert.Equal((100, 40, 7), (message.InputTokens, message.CachedInputTokens, message.OutputTokens));
    }

    [Fact]
    public async Task Stop_WhileGrowing_KeepsWhatIsThereAndCanGoOn()
    {
        var words = Channel.CreateUnbounded<string>();
        var model = new ScriptedChatClient((_, call) => call == 1 ? From(words.Reader) : Say(Text("and this."), End()));
        await using var world = await AssistantWorld.StartAsync(model);
        var id = await world.ConversationAsync();
        await world.AskAsync(id, "why?");
        words.Writer.TryWrite("So far ");
        await Eventually.TrueAsync(async () => (await world.LastAsync(id)).Text == "So far ", "text is stored");
        Assert.True((await world.Runs.StopAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).IsOk);

        var stopped = await world.EndAsync(id);
        Assert.Equal((MessageState.Interrupted, InterruptReason.Stopped, "So far "), (stopped.State, stopped.Interruption!.Value, stopped.Text));

        Assert.True((await world.Runs.ContinueAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).IsOk);
        Assert.Equal("and this.", (await world.EndAsync(id)).Text);
        Assert.Contains(model.Seen[1], m => m.Role == ChatRole.Assistant && m.Text == "So far");
    }

    [Fact]
    public async Task Ask_WhileAnAnswerGrows_IsRefusedAndNothingIsStored()
    {
        var words = Channel.CreateUnbounded<string>();
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => From(words.Reader)));
        var id = await world.ConversationAsync();
        await world.AskAsync(id, "one");
        var second = await world.Runs.AskAsync(world.Actor, world.Team.Id, id, "two", "", CancellationToken.None);
        Assert.Equal("assistant.busy", second.Failure?.Code);
        words.Writer.Complete();
        await world.EndAsync(id);
        Assert.Equal(2, (await world.MessagesAsync(id)).Count);
    }

    [Fact]
    public async Task Ask_ManyAtOnceInOneConversation_ExactlyOneIsTaken()
    {
        var words = Channel.CreateUnbounded<string>();
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => From(words.Reader)));
        var id = await world.ConversationAsync();
        var asked = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => world.Runs.AskAsync(world.Actor, world.Team.Id, id, $"q{i}", "", CancellationToken.None))));
        Assert.Equal(1, asked.Count(a => a.IsOk));
        words.Writer.Complete();
        await world.EndAsync(id);
        Assert.Equal(2, (await world.MessagesAsync(id)).Count);
    }

    [Fact]
    [PolicyClause("D13")]
    public async Task Answer_WithTwoRounds_IsMeteredOncePerRound()
    {
        var tool = new ProbeTool("look", (_, _) => Task.FromResult(ProbeTool.Ok(new { pods = 3 })));
        var model = new ScriptedChatClient((_, call) => call == 1
            ? Say(Text("Looking."), Call("c1", "look", """{"a":1}"""), Tokens(50, 0, 5), End(tools: true))
            : Say(Text("Three pods."), Tokens(80, 50, 9), End()));
        await using var world = await AssistantWorld.StartAsync(model, [tool]);
        var message = await world.AnswerAsync("how many?");

        Assert.Equal("Looking.\n\nThree pods.", message.Text);
        var call = Assert.Single(message.ToolCalls);
        Assert.Equal((ToolCallStatus.Done, 8, "read", """{"a":1}""", """{"pods":3}"""), (call.Status, call.TextOffset, call.Read, call.Arguments, call.Output));
        Assert.Contains(model.Seen[1], m => m.Role == ChatRole.Tool);
        var sums = await world.Host.Get<UsageMeter>().OwnAsync(world.Actor, world.Team.Id, world.Host.Clock.GetUtcNow().AddDays(-1), CancellationToken.None);
        var sum = Assert.Single(sums);
        Assert.Equal(("Test", "test-1", 130L, 50L, 14L, 2), (sum.Provider, sum.Model, sum.Input, sum.CachedInput, sum.Output, sum.Calls));

        await using var db = await world.Host.OpenAsync();
        var entry = await db.UsageEntries.AsNoTracking().FirstAsync();
        await world.Host.Get<UsageMeter>().RecordAsync(new ModelCall(entry.UserId, entry.TeamId, entry.RunId, entry.Round, "Test", "test-1", new TokenCount(1, 1, 1)), CancellationToken.None);
        Assert.Equal(2, await db.UsageEntries.CountAsync());
    }

    [Fact]
    public async Task Tools_OfAnAnswer_ActInItsName()
    {
        Anycast.Core.Common.Tools.ToolContext? seen = null;
        var tool = new ProbeTool("look", (args, _) =>
        {
            seen = args.Context;
            return Task.FromResult(ProbeTool.Ok(new { }));
        });
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, call) => call == 1 ? Say(Call("c1", "look", "{}"), End(tools: true)) : Say(Text("Done."), End())), [tool]);

        var message = await world.AnswerAsync("what?");

        Assert.NotNull(message.RunId);
        Assert.Equal((message.RunId, world.Actor.UserId), (seen!.Actor.RunId, seen.Actor.UserId));
        Assert.Null(world.Actor.RunId);
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Tools_ThatReadUnderAnOptIn_AreOfferedOnlyThenAndTheirOutputIsNotKept()
    {
        var offered = true;
        var tool = new ProbeTool("peek", (_, _) => Task.FromResult(ProbeTool.Ok(new { value = "canary-config" }))) { Keeps = false, Offered = () => offered };
        var declared = new List<int>();
        var model = new ScriptedChatClient((_, call) => call == 1 ? Say(Call("c1", "peek", "{}"), End(tools: true)) : Say(Text("Done."), End())) { OnOptions = o => declared.Add(o?.Tools?.Count ?? 0) };
        await using var world = await AssistantWorld.StartAsync(model, [tool]);
        var id = await world.ConversationAsync();

        var message = await world.AnswerAsync("what?", id);

        // The model saw it; the row holds that something was read, not what.
        Assert.Contains(model.Seen[1], m => m.Contents.OfType<FunctionResultContent>().Any(r => r.Result?.ToString()?.Contains("canary-config", StringComparison.Ordinal) == true));
        var call = Assert.Single(message.ToolCalls);
        Assert.Equal((ToolCallStatus.Done, "read"), (call.Status, call.Read));
        Assert.DoesNotContain("canary-config", call.Output, StringComparison.Ordinal);

        offered = false;
        await world.AnswerAsync("and now?", id);
        Assert.Equal([1, 1, 0], declared);
    }

    [Fact]
    public async Task Tools_OfAModelThatNeverStops_EndAtTheLimit()
    {
        var tool = new ProbeTool("look", (_, _) => Task.FromResult(ProbeTool.Ok(new { })));
        var model = new ScriptedChatClient((_, call) => Say([.. Enumerable.Range(0, 5).Select(i => Call($"c{call}-{i}", "look", "{}")), End(tools: true)]));
        await using var world = await AssistantWorld.StartAsync(model, [tool]);
        var message = await world.AnswerAsync("loop");
        Assert.Equal((MessageState.Interrupted, InterruptReason.Limit), (message.State, message.Interruption!.Value));
        Assert.Equal(AssistantLimits.ToolCallsPerAnswer, tool.Arguments.Count);
        Assert.Equal(AssistantLimits.RoundsPerAnswer, model.Calls);
    }

    [Fact]
    public async Task Tools_RepeatedCallIdAndBrokenArguments_RunOnceAndNever()
    {
        var tool = new ProbeTool("look", (_, _) => Task.FromResult(ProbeTool.Ok(new { })));
        var broken = new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c2", "look") { Exception = new System.Text.Json.JsonException("cut") }]);
        var model = new ScriptedChatClient((_, call) => call == 1 ? Say(Call("c1", "look", "{}"), Call("c1", "look", "{}"), broken, Call("c3", "none", "{}"), End(tools: true)) : Say(Text("ok"), End()));
        await using var world = await AssistantWorld.StartAsync(model, [tool]);
        var message = await world.AnswerAsync("go");
        Assert.Single(tool.Arguments);
        Assert.Equal([null, "tool.arguments", "tool.unknown"], message.ToolCalls.Select(t => t.Code));
    }

    [Fact]
    public async Task Tools_ThatThrowHangOrFlood_BecomeResultsAndTheAnswerGoesOn()
    {
        var throws = new ProbeTool("throws", (_, _) => throw new InvalidOperationException("secret detail"));
        var hangs = new ProbeTool("hangs", async (_, ct) => { await Task.Delay(Timeout.Infinite, ct); return ProbeTool.Ok(new { }); });
        var floods = new ProbeTool("floods", (_, _) => Task.FromResult(ProbeTool.Ok(new { text = new string('x', 200_000) })));
        var model = new ScriptedChatClient((_, call) => call == 1 ? Say(Call("1", "throws", "{}"), Call("2", "hangs", "{}"), Call("3", "floods", "{}"), End(tools: true)) : Say(Text("done"), End()));
        await using var world = await AssistantWorld.StartAsync(model, [throws, hangs, floods], AssistantWorld.Fast with { Tool = TimeSpan.FromMilliseconds(200) });
        var message = await world.AnswerAsync("go");
        Assert.Equal("done", message.Text);
        Assert.Equal(["tool.failed", "tool.timeout", null], message.ToolCalls.Select(t => t.Code));
        Assert.All(message.ToolCalls, t => Assert.True(t.Output.Length <= AssistantLimits.ToolOutputLength));
        Assert.DoesNotContain(message.ToolCalls, t => t.Output.Contains("secret detail", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Answer_TwoMegabytesInOnePiece_EndsAtTheLimit()
    {
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => Say(Text(new string('a', 2_000_000)), End())));
        var message = await world.AnswerAsync("go");
        Assert.Equal((MessageState.Interrupted, InterruptReason.Limit), (message.State, message.Interruption!.Value));
        Assert.InRange(message.Text.Length, AssistantLimits.AnswerLength - 10, AssistantLimits.AnswerLength);
    }

    [Fact]
    public async Task Checkpoint_ProcessKilledMidAnswer_PartialTextIsInterruptedAfterRestartAndCanGoOn()
    {
        var database = await TestDatabase.CreateAsync(TestProvider.Sqlite);
        var words = Channel.CreateUnbounded<string>();
        var killed = CoreHost.Start(database, (s, c) => AssistantWorld.Add(s, c, new ScriptedChatClient((_, _) => From(words.Reader)), null, AssistantWorld.Fast));
        var actor = await killed.ActorAsync();
        var team = await AssistantWorld.TeamAsync(killed, actor);
        var id = (await killed.Get<ConversationService>().CreateAsync(actor, team.Id, null, CancellationToken.None)).Value!.Id;
        Assert.True((await killed.Get<AssistantRuns>().AskAsync(actor, team.Id, id, "why?", "", CancellationToken.None)).IsOk);
        var long1 = new string('x', AssistantLimits.CheckpointLength);
        words.Writer.TryWrite("first ");
        async Task<Message> LastAsync(CoreHost host) => (await host.Get<ConversationService>().GetAsync(actor, team.Id, id, CancellationToken.None)).Value!.Messages[^1];
        await Eventually.TrueAsync(async () => (await LastAsync(killed)).Text == "first ", "the first token is stored at once");
        words.Writer.TryWrite(long1);
        await Eventually.TrueAsync(async () => (await LastAsync(killed)).Text.Length >= long1.Length, "2 KB are stored without waiting for the clock");

        // The process is gone without a word: a second host on the same file is the restart.
        await using var restarted = CoreHost.Start(database, (s, c) => AssistantWorld.Add(s, c, new ScriptedChatClient((_, _) => Say(Text("and on."), End())), null, AssistantWorld.Fast));
        await restarted.Get<RunStore>().InterruptOrphansAsync(all: true, CancellationToken.None);
        var message = await LastAsync(restarted);
        Assert.Equal((MessageState.Interrupted, InterruptReason.Restart, "first " + long1), (message.State, message.Interruption!.Value, message.Text));
        Assert.True((await restarted.Get<AssistantRuns>().ContinueAsync(actor, team.Id, id, CancellationToken.None)).IsOk);
        await Eventually.TrueAsync(async () => (await LastAsync(restarted)).Text == "and on.", "it goes on");
        words.Writer.Complete();
    }

    [Fact]
    public async Task Recovery_LeaseRunOut_IsInterruptedWhileALivingOneIsNot()
    {
        var words = Channel.CreateUnbounded<string>();
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => From(words.Reader)));
        var id = await world.ConversationAsync();
        await world.AskAsync(id, "why?");
        Assert.Empty(await world.Host.Get<RunStore>().InterruptOrphansAsync(all: false, CancellationToken.None));
        await using (var db = await world.Host.OpenAsync())
        {
            var past = world.Host.Clock.GetUtcNow().AddSeconds(-1);
            await db.Messages.Where(m => m.State == MessageState.Running).ExecuteUpdateAsync(s => s.SetProperty(m => m.LeaseUntil, past));
        }

        Assert.Equal([id], await world.Host.Get<RunStore>().InterruptOrphansAsync(all: false, CancellationToken.None));
        words.Writer.Complete();
    }

    [Fact]
    public async Task Runs_PerUser_AreBounded()
    {
        var words = Channel.CreateUnbounded<string>();
        await using var world = await AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => From(words.Reader)));
        for (var i = 0; i < AssistantLimits.RunsPerUser; i++)
        {
            await world.AskAsync(await world.ConversationAsync(), "q");
        }

        var more = await world.Runs.AskAsync(world.Actor, world.Team.Id, await world.ConversationAsync(), "q", "", CancellationToken.None);
        Assert.Equal("assistant.too_many_runs", more.Failure?.Code);
        words.Writer.Complete();
    }

    [Fact]
    public async Task Failed_BeforeAnyWord_IsReplacedByTheRetry()
    {
        var model = new ScriptedChatClient((_, call) => call == 1 ? throw new AssistantException(new AssistantFailure(AssistantFailureKind.Refused)) : Say(Text("fine"), End()));
        await using var world = await AssistantWorld.StartAsync(model);
        var id = await world.ConversationAsync();
        var failed = await world.AnswerAsync("q", id);
        Assert.Equal((MessageState.Failed, AssistantFailureKind.Refused), (failed.State, failed.Failure!.Value));
        Assert.True((await world.Runs.ContinueAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).IsOk);
        Assert.Equal("fine", (await world.EndAsync(id)).Text);
        Assert.Equal([MessageRole.User, MessageRole.Assistant], (await world.MessagesAsync(id)).Select(m => m.Role));
        Assert.Equal("assistant.nothing_to_continue", (await world.Runs.ContinueAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).Failure?.Code);
    }
}
