using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using static Anycast.Tests.Assistant.ScriptedChatClient;

namespace Anycast.Tests.Assistant;

/// <summary>Conversations: kept, found, renamed, deleted, and nobody else's (D12, K02).</summary>
public sealed class ConversationTests
{
    private static async IAsyncEnumerable<ChatResponseUpdate> Ok()
    {
        await Task.Yield();
        yield return Text("ok");
        yield return End();
    }

    private static Task<AssistantWorld> WorldAsync() => AssistantWorld.StartAsync(new ScriptedChatClient((_, _) => Ok()));

    [Fact]
    [PolicyClause("D12")]
    public async Task Conversation_AskedSearchedRenamedDeleted_IsKeptAndThenGone()
    {
        await using var world = await WorldAsync();
        var id = await world.ConversationAsync();
        await world.AnswerAsync("Why is checkout failing?\nIt worked yesterday.", id);
        var found = await world.Conversations.ListAsync(world.Actor, world.Team.Id, "CHECKOUT", new PageRequest(), CancellationToken.None);
        Assert.Equal("Why is checkout failing?", Assert.Single(found.Value!.Items).Title);
        Assert.Empty((await world.Conversations.ListAsync(world.Actor, world.Team.Id, "100%", new PageRequest(), CancellationToken.None)).Value!.Items);

        Assert.True((await world.Conversations.RenameAsync(world.Actor, world.Team.Id, id, " Checkout ", CancellationToken.None)).IsOk);
        Assert.Equal("Checkout", (await world.Conversations.GetAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).Value!.Conversation.Title);
        Assert.False((await world.Conversations.RenameAsync(world.Actor, world.Team.Id, id, " ", CancellationToken.None)).IsOk);

        Assert.True((await world.Runs.DeleteAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).IsOk);
        Assert.Equal(FailureKind.NotFound, (await world.Conversations.GetAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).Failure!.Kind);
        await using var db = await world.Host.OpenAsync();
        Assert.Equal(0, await db.Messages.CountAsync());
    }

    [Fact]
    public async Task Conversation_OfAnotherPerson_AnswersLikeNone()
    {
        await using var world = await WorldAsync();
        var id = await world.ConversationAsync();
        await world.AnswerAsync("mine", id);
        var owner = await world.Host.ActorAsync();
        await world.Host.JoinAsync(world.Team.Id, owner.UserId, TeamRole.Owner);
        var stranger = await world.Host.ActorAsync();
        var ct = CancellationToken.None;
        foreach (var other in new[] { owner, stranger, Actor.Anonymous })
        {
            Assert.Equal(FailureKind.NotFound, (await world.Conversations.GetAsync(other, world.Team.Id, id, ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Conversations.RenameAsync(other, world.Team.Id, id, "x", ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Conversations.SaveDraftAsync(other, world.Team.Id, id, "x", ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Runs.AskAsync(other, world.Team.Id, id, "x", "", ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Runs.ContinueAsync(other, world.Team.Id, id, ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Runs.StopAsync(other, world.Team.Id, id, ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Runs.DeleteAsync(other, world.Team.Id, id, ct)).Failure!.Kind);
            Assert.Equal(FailureKind.NotFound, (await world.Runs.SubscribeAsync(other, world.Team.Id, id, ct)).Failure!.Kind);
        }

        // The right person by way of another team of theirs sees nothing either.
        var second = await AssistantWorld.TeamAsync(world.Host, world.Actor);
        Assert.Equal(FailureKind.NotFound, (await world.Conversations.GetAsync(world.Actor, second.Id, id, ct)).Failure!.Kind);
    }

    [Fact]
    public async Task Draft_KeptAndReread_IsGoneOnceAsked()
    {
        await using var world = await WorldAsync();
        var id = await world.ConversationAsync();
        await world.Conversations.SaveDraftAsync(world.Actor, world.Team.Id, id, "half a ques", CancellationToken.None);
        Assert.Equal("half a ques", (await world.Conversations.GetAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).Value!.Conversation.Draft);
        await world.AnswerAsync("whole", id);
        Assert.Equal("", (await world.Conversations.GetAsync(world.Actor, world.Team.Id, id, CancellationToken.None)).Value!.Conversation.Draft);
    }

    [Fact]
    [PolicyClause("K02")]
    public async Task Conversations_BeyondTheCap_TheOldestGoWithTheirMessages()
    {
        await using var world = await WorldAsync();
        var oldest = await world.ConversationAsync();
        await world.AnswerAsync("first", oldest);
        await using (var db = await world.Host.OpenAsync())
        {
            var first = await db.Conversations.SingleAsync();
            for (var i = 0; i < AssistantLimits.ConversationsPerUser - 1; i++)
            {
                db.Conversations.Add(new Conversation { UserId = world.Actor.UserId, Seq = first.Seq + 1 + i, Id = Guid.NewGuid(), TeamId = world.Team.Id, CreatedAt = first.CreatedAt.AddMinutes(1), UpdatedAt = first.UpdatedAt.AddMinutes(1) });
            }

            await db.SaveChangesAsync();
            await db.UserCounters.Where(c => c.UserId == world.Actor.UserId && c.Log == UserLog.Conversations)
                .ExecuteUpdateAsync(s => s.SetProperty(c => c.Count, AssistantLimits.ConversationsPerUser).SetProperty(c => c.LastSeq, first.Seq + AssistantLimits.ConversationsPerUser));
        }

        world.Host.Clock.Advance(TimeSpan.FromHours(1));
        await world.ConversationAsync();
        await using var after = await world.Host.OpenAsync();
        Assert.Equal(AssistantLimits.ConversationsPerUser, await after.Conversations.CountAsync());
        Assert.Equal(0, await after.Messages.CountAsync());
        Assert.False(await after.Conversations.AnyAsync(c => c.Id == oldest));
    }

    [Theory]
    [InlineData("short", "short")]
    [InlineData("first line\nsecond", "first line")]
    [InlineData("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen", "one two three four five six seven eight nine ten eleven twelve thirteen…")]
    public void Title_OfAQuestion_IsItsFirstLineCutAtAWord(string question, string title) => Assert.Equal(title, RunStore.TitleOf(question));
}
