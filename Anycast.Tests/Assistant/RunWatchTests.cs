using System.Threading.Channels;
using Anycast.Core.Accounts;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Common;
using Anycast.Core.Operators;
using Anycast.Core.Teams;
using Anycast.Tests.Accounts;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Anycast.Tests.Assistant.ScriptedChatClient;

namespace Anycast.Tests.Assistant;

/// <summary>An answer that grows ends when its asker may no longer have it, on every replica; what was written is kept.</summary>
public sealed class RunWatchTests
{
    /// <summary>What the model says, by its calls: one for each answer.</summary>
    private readonly Channel<string>[] _words = [Channel.CreateUnbounded<string>(), Channel.CreateUnbounded<string>()];
    private int _asked;

    private static async IAsyncEnumerable<ChatResponseUpdate> From(ChannelReader<string> words, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var word in words.ReadAllAsync(ct))
        {
            yield return Text(word);
        }

        yield return End();
    }

    [Fact]
    [PolicyClause("R05")]
    public async Task Restriction_WhileAnAnswerGrows_StopsItAtOnceAndKeepsWhatIsThere()
    {
        await using var world = await StartAsync();
        await using var watch = await Watch.StartAsync(world.Host);
        var id = await GrowingAsync(world);

        // The clock stands still: nobody had to look for it.
        Assert.True((await world.Host.Get<RestrictionService>().SetAsync(world.Actor, true, default)).IsOk);

        await EndedAsync(world, id, InterruptReason.Restricted);
        Assert.Equal("accounts.restricted", (await world.Runs.ContinueAsync(world.Actor, world.Team.Id, id, default)).Failure!.Code);
    }

    [Fact]
    [PolicyClause("R05")]
    public async Task Restriction_OnAnotherReplica_StopsAnAnswerWithinSeconds()
    {
        await using var world = await StartAsync();
        await using var watch = await Watch.StartAsync(world.Host);
        var id = await GrowingAsync(world);
        await using var other = CoreHost.Start(world.Host.Database, clock: world.Host.Clock);

        Assert.True((await other.Get<RestrictionService>().SetAsync(world.Actor, true, default)).IsOk);

        await EndedAsync(world, id, InterruptReason.Restricted, advance: true);
    }

    [Theory]
    [InlineData("blocked")]
    [InlineData("removed")]
    [InlineData("team blocked")]
    public async Task Asker_WhoMayNoLonger_GetsNoMoreOfTheAnswer(string what)
    {
        await using var world = await StartAsync();
        await using var watch = await Watch.StartAsync(world.Host);
        var other = await world.Host.SignedInAsync(roles: PlatformRoles.Operator);
        await world.Host.JoinAsync(world.Team.Id, other.UserId, TeamRole.Owner);
        var mine = await GrowingAsync(world);
        var theirs = await GrowingAsync(world, other);

        var done = what switch
        {
            "blocked" => await world.Host.Get<UserDirectory>().BlockAsync(other, world.Actor.UserId, default),
            "removed" => await world.Host.Get<MembershipService>().RemoveAsync(other, world.Team.Slug, world.Actor.UserId, People.Link, default),
            _ => await world.Host.Get<TeamDirectory>().SetBlockedAsync(other, world.Team.Id, true, default),
        };
        Assert.True(done.IsOk, done.Failure?.Code);

        await EndedAsync(world, mine, InterruptReason.NotAllowed);
        if (what == "team blocked")
        {
            await EndedAsync(world, theirs, InterruptReason.NotAllowed);
            return;
        }

        // Nobody else's answer ends with it.
        _words[1].Writer.TryWrite("and on");
        _words[1].Writer.Complete();
        await Eventually.TrueAsync(async () => (await RowAsync(world, theirs)).State == MessageState.Complete, "the other's answer completes");
    }

    private Task<AssistantWorld> StartAsync() =>
        AssistantWorld.StartAsync(new ScriptedChatClient((_, call) => From(_words[call - 1].Reader)), more: s => s.AddOperators());

    /// <summary>A conversation whose answer has its first words.</summary>
    private async Task<Guid> GrowingAsync(AssistantWorld world, Actor? asker = null)
    {
        var actor = asker ?? world.Actor;
        var id = (await world.Conversations.CreateAsync(actor, world.Team.Id, null, default)).Value!.Id;
        Assert.True((await world.Runs.AskAsync(actor, world.Team.Id, id, "why?", "", default)).IsOk);
        _words[_asked++].Writer.TryWrite("So far ");
        await Eventually.TrueAsync(async () => (await RowAsync(world, id)).Text == "So far ", "the first words are stored");
        return id;
    }

    private static async Task EndedAsync(AssistantWorld world, Guid id, InterruptReason reason, bool advance = false)
    {
        await Eventually.TrueAsync(async () =>
        {
            if (advance)
            {
                world.Host.Clock.Advance(AssistantLimits.RunWatchEvery);
            }

            return (await RowAsync(world, id)).State != MessageState.Running;
        }, "the answer ends");
        var ended = await RowAsync(world, id);
        Assert.Equal((MessageState.Interrupted, reason, "So far "), (ended.State, ended.Interruption!.Value, ended.Text));
    }

    private static async Task<Message> RowAsync(AssistantWorld world, Guid id)
    {
        await using var db = await world.Host.OpenAsync();
        return await db.Messages.AsNoTracking()
            .Where(m => db.Conversations.Any(c => c.Id == id && c.UserId == m.UserId && c.Seq == m.ConversationSeq)).OrderByDescending(m => m.Seq).FirstAsync();
    }

    /// <summary>The service that looks, as in the product.</summary>
    private sealed class Watch : IAsyncDisposable
    {
        private readonly IHostedService _service;

        private Watch(IHostedService service) => _service = service;

        public static async Task<Watch> StartAsync(CoreHost host)
        {
            var service = host.Services.GetServices<IHostedService>().OfType<RunWatch>().Single();
            await service.StartAsync(default);
            return new Watch(service);
        }

        public async ValueTask DisposeAsync() => await _service.StopAsync(default);
    }
}
