using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Usage;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Assistant.Runs;

/// <summary>The rows of growing answers: begun, checkpointed, finished, and found again after a crash.</summary>
internal sealed class RunStore(IDbContextFactory<AppDbContext> contexts, TimeProvider clock)
{
    /// <summary>
    /// Stores the question and the empty answer in one transaction: once this returns, the question is not lost. Refused as
    /// <c>assistant.busy</c> while an answer of the conversation grows.
    /// </summary>
    /// <param name="question">Null to answer again what is already there.</param>
    public async Task<Outcome<(Conversation Conversation, AnswerKey Key)>> BeginAsync(
        Actor actor, Guid teamId, Guid conversationId, string? question, string about, string provider, string model, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = clock.GetUtcNow();

        // The update is the lock: two tabs that ask at once come one after the other.
        if (await ConversationService.Own(db, actor, teamId, conversationId).ExecuteUpdateAsync(s => s.SetProperty(c => c.UpdatedAt, now), ct) == 0)
        {
            return Failure.NotFound;
        }

        var conversation = await ConversationService.Own(db, actor, teamId, conversationId).SingleAsync(ct);
        var last = await db.Messages.SingleOrDefaultAsync(m => m.UserId == actor.UserId && m.ConversationSeq == conversation.Seq && m.Seq == conversation.LastMessage, ct);
        if (last is { State: MessageState.Running } && last.LeaseUntil > now)
        {
            return new Failure(FailureKind.Conflict, "assistant.busy");
        }

        if (conversation.LastMessage + 2 > AssistantLimits.MessagesPerConversation)
        {
            return new Failure(FailureKind.TooMany, "assistant.conversation_full", AssistantLimits.MessagesPerConversation);
        }

        if (last is { State: MessageState.Running })
        {
            // Its process died and nobody has swept it up yet.
            last.State = MessageState.Interrupted;
            last.Interruption = InterruptReason.Restart;
        }

        if (question is not null)
        {
            conversation.LastMessage++;
            conversation.Draft = "";
            if (conversation.Title.Length == 0)
            {
                conversation.Title = TitleOf(question);
            }

            db.Messages.Add(new Message
            {
                UserId = actor.UserId,
                ConversationSeq = conversation.Seq,
                Seq = conversation.LastMessage,
                Role = MessageRole.User,
                Text = question,
                About = about,
                State = MessageState.Complete,
                CreatedAt = now,
                FinishedAt = now,
            });
        }
        else if (last is { Role: MessageRole.Assistant, State: MessageState.Complete } or null)
        {
            return new Failure(FailureKind.Conflict, "assistant.nothing_to_continue");
        }
        else if (last is { Role: MessageRole.Assistant, State: MessageState.Failed, Text: "" } && !await db.ToolCalls.AnyAsync(t => t.UserId == last.UserId && t.ConversationSeq == last.ConversationSeq && t.MessageSeq == last.Seq, ct))
        {
            // Nothing came of it: the new try takes its place.
            db.Messages.Remove(last);
            await db.SaveChangesAsync(ct);
            conversation.LastMessage--;
        }

        conversation.LastMessage++;
        var key = new AnswerKey(actor.UserId, conversation.Seq, conversation.LastMessage, Ids.New(clock));
        db.Messages.Add(new Message
        {
            UserId = key.UserId,
            ConversationSeq = key.ConversationSeq,
            Seq = key.Seq,
            Role = MessageRole.Assistant,
            State = MessageState.Running,
            RunId = key.RunId,
            ClusterId = conversation.ClusterId,
            LeaseUntil = now + AssistantLimits.Lease,
            Provider = provider,
            Model = model,
            CreatedAt = now,
        });
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (conversation, key);
    }

    /// <summary>The newest messages before an answer, oldest first.</summary>
    public async Task<List<Message>> HistoryAsync(AnswerKey key, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var newest = await db.Messages.AsNoTracking()
            .Where(m => m.UserId == key.UserId && m.ConversationSeq == key.ConversationSeq && m.Seq < key.Seq)
            .Include(m => m.ToolCalls.OrderBy(t => t.Index))
            .OrderByDescending(m => m.Seq)
            .Take(AssistantLimits.HistoryMessages)
            .ToListAsync(ct);
        newest.Reverse();
        return newest;
    }

    /// <summary>Saves the text so far and renews the lease. Writes nothing once the answer has ended.</summary>
    public async Task CheckpointAsync(AnswerKey key, string text, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var lease = clock.GetUtcNow() + AssistantLimits.Lease;
        await One(db, key).Where(m => m.State == MessageState.Running)
            .ExecuteUpdateAsync(s => s.SetProperty(m => m.Text, text).SetProperty(m => m.LeaseUntil, lease), ct);
    }

    public async Task AddToolCallAsync(ToolCall call, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.ToolCalls.Add(call);
        await db.SaveChangesAsync(ct);
    }

    public async Task FinishToolCallAsync(ToolCall call, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        await db.ToolCalls.Where(t => t.UserId == call.UserId && t.ConversationSeq == call.ConversationSeq && t.MessageSeq == call.MessageSeq && t.Index == call.Index)
            .ExecuteUpdateAsync(
                s => s.SetProperty(t => t.Status, call.Status).SetProperty(t => t.Code, call.Code).SetProperty(t => t.Read, call.Read)
                    .SetProperty(t => t.Output, call.Output).SetProperty(t => t.ProposalId, call.ProposalId).SetProperty(t => t.DurationMs, call.DurationMs),
                ct);
    }

    /// <summary>The end of an answer: its text, how it ended, its tokens.</summary>
    public async Task FinishAsync(AnswerKey key, string text, AssistantEvent end, TokenCount tokens, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (state, failure, reason) = end switch
        {
            AssistantEvent.Done => (MessageState.Complete, (AssistantFailure?)null, (InterruptReason?)null),
            AssistantEvent.Failed failed => (MessageState.Failed, failed.Failure, null),
            AssistantEvent.Interrupted interrupted => (MessageState.Interrupted, null, interrupted.Reason),
            _ => throw new ArgumentException("Not an end.", nameof(end)),
        };
        var kind = failure?.Kind;
        var retryAt = failure?.RetryAfter is { } wait ? now + wait : (DateTimeOffset?)null;
        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await One(db, key).ExecuteUpdateAsync(
            s => s.SetProperty(m => m.Text, text).SetProperty(m => m.State, state).SetProperty(m => m.Failure, kind).SetProperty(m => m.RetryAt, retryAt)
                .SetProperty(m => m.Interruption, reason).SetProperty(m => m.LeaseUntil, (DateTimeOffset?)null).SetProperty(m => m.FinishedAt, now)
                .SetProperty(m => m.InputTokens, tokens.Input).SetProperty(m => m.CachedInputTokens, tokens.CachedInput).SetProperty(m => m.OutputTokens, tokens.Output),
            ct);
        await db.ToolCalls.Where(t => t.UserId == key.UserId && t.ConversationSeq == key.ConversationSeq && t.MessageSeq == key.Seq && t.Status == ToolCallStatus.Running)
            .ExecuteUpdateAsync(s => s.SetProperty(t => t.Status, ToolCallStatus.Interrupted), ct);
        await db.Conversations.Where(c => c.UserId == key.UserId && c.Seq == key.ConversationSeq).ExecuteUpdateAsync(s => s.SetProperty(c => c.UpdatedAt, now), ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>
    /// Marks answers that no process makes any more. With <paramref name="all"/> every running one: right at the start of the only process.
    /// </summary>
    /// <returns>The conversations concerned.</returns>
    public async Task<IReadOnlyList<Guid>> InterruptOrphansAsync(bool all, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var db = await contexts.CreateDbContextAsync(ct);
        var orphans = db.Messages.Where(m => m.State == MessageState.Running && (all || m.LeaseUntil == null || m.LeaseUntil < now));
        var found = await orphans.Select(m => new { m.UserId, m.ConversationSeq, m.Seq }).Take(1_000).ToListAsync(ct);
        var conversations = new List<Guid>();
        foreach (var one in found)
        {
            await db.Messages.Where(m => m.UserId == one.UserId && m.ConversationSeq == one.ConversationSeq && m.Seq == one.Seq && m.State == MessageState.Running)
                .ExecuteUpdateAsync(
                    s => s.SetProperty(m => m.State, MessageState.Interrupted).SetProperty(m => m.Interruption, InterruptReason.Restart).SetProperty(m => m.LeaseUntil, (DateTimeOffset?)null),
                    ct);
            await db.ToolCalls.Where(t => t.UserId == one.UserId && t.ConversationSeq == one.ConversationSeq && t.MessageSeq == one.Seq && t.Status == ToolCallStatus.Running)
                .ExecuteUpdateAsync(s => s.SetProperty(t => t.Status, ToolCallStatus.Interrupted), ct);
            conversations.AddRange(await db.Conversations.Where(c => c.UserId == one.UserId && c.Seq == one.ConversationSeq).Select(c => c.Id).ToListAsync(ct));
        }

        return conversations;
    }

    /// <summary>The first line of a question, cut at a word.</summary>
    internal static string TitleOf(string question)
    {
        var line = question.Split('\n', 2)[0].Trim();
        if (line.Length <= 80)
        {
            return line;
        }

        var end = line.LastIndexOf(' ', 79);
        return line[..(end > 40 ? end : 79)].TrimEnd() + "…";
    }

    private static IQueryable<Message> One(AppDbContext db, AnswerKey key) =>
        db.Messages.Where(m => m.UserId == key.UserId && m.ConversationSeq == key.ConversationSeq && m.Seq == key.Seq && m.RunId == key.RunId);
}
