using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Activity;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;

namespace Anycast.Core.Assistant.Conversations;

/// <summary>One line of the list.</summary>
public sealed record ConversationSummary(Guid Id, string Title, Guid? ClusterId, DateTimeOffset UpdatedAt, bool Running);

/// <summary>A conversation with its newest messages, oldest of them first.</summary>
/// <param name="HasOlder">More messages stand before the first one here.</param>
public sealed record ConversationView(Conversation Conversation, IReadOnlyList<Message> Messages, bool HasOlder);

/// <summary>A person's conversations in a team. Another person's answers like one that does not exist, whatever their role.</summary>
public sealed class ConversationService(
    IDbContextFactory<AppDbContext> contexts,
    TeamAccess teams,
    ClusterAccess clusters,
    RestrictionService restriction,
    ActivityLog activity,
    TimeProvider clock)
{
    /// <summary>Messages that one read hands out.</summary>
    public const int MessagesPerPage = 30;

    /// <summary>Begins one. Without a cluster, the team's only cluster is taken; with several, the person chooses.</summary>
    public async Task<Outcome<Conversation>> CreateAsync(Actor actor, Guid teamId, Guid? clusterId, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.AssistantUse, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (await restriction.RequireUseAsync(actor, ct) is { IsOk: false } restricted)
        {
            return restricted.Failure;
        }

        if (clusterId is { } wanted && await clusters.AuthorizeAsync(actor, teamId, wanted, Permission.ClustersView, ct) is { IsOk: false } refused)
        {
            return refused.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (clusterId is null && grant.Value.Has(Permission.ClustersView))
        {
            var own = await db.Clusters.Where(c => c.TeamId == teamId).Select(c => c.Id).Take(2).ToListAsync(ct);
            clusterId = own.Count == 1 ? own[0] : null;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = clock.GetUtcNow();
        var conversation = new Conversation
        {
            UserId = actor.UserId,
            Seq = await db.NextAsync(actor.UserId, UserLog.Conversations, ct),
            Id = Ids.New(clock),
            TeamId = teamId,
            ClusterId = clusterId,
            CreatedAt = now,
            UpdatedAt = now,
        };
        db.Conversations.Add(conversation);
        await db.SaveChangesAsync(ct);
        await TrimAsync(db, actor.UserId, ct);
        await transaction.CommitAsync(ct);
        return conversation;
    }

    /// <summary>The actor's conversations in a team, newest first; with <paramref name="search"/>, those whose title holds it.</summary>
    public async Task<Outcome<Page<ConversationSummary>>> ListAsync(Actor actor, Guid teamId, string? search, PageRequest page, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.AssistantUse, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        // One that was opened and never used is no conversation yet.
        var query = db.Conversations.AsNoTracking().Where(c => c.UserId == actor.UserId && c.TeamId == teamId && (c.LastMessage > 0 || c.Draft != ""));
        if (!string.IsNullOrWhiteSpace(search))
        {
            var pattern = SearchText.Anywhere(search);
            query = query.Where(c => EF.Functions.Like(c.Title.ToLower(), pattern, SearchText.Escape));
        }

        var total = await query.CountAsync(ct);
        page = page.Within(total);
        var now = clock.GetUtcNow();
        var items = await query.OrderByDescending(c => c.UpdatedAt).ThenByDescending(c => c.Seq).Skip(page.Skip).Take(page.Size)
            .Select(c => new ConversationSummary(c.Id, c.Title, c.ClusterId, c.UpdatedAt, c.Messages.Any(m => m.State == MessageState.Running && m.LeaseUntil > now)))
            .ToListAsync(ct);
        return new Page<ConversationSummary>(items, total, page);
    }

    /// <summary>One with its newest messages, or with those before <paramref name="before"/>.</summary>
    public async Task<Outcome<ConversationView>> GetAsync(Actor actor, Guid teamId, Guid id, CancellationToken ct, int before = int.MaxValue)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.AssistantUse, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await Own(db, actor, teamId, id).AsNoTracking().SingleOrDefaultAsync(ct) is not { } conversation)
        {
            return Failure.NotFound;
        }

        var messages = await db.Messages.AsNoTracking()
            .Where(m => m.UserId == actor.UserId && m.ConversationSeq == conversation.Seq && m.Seq < before)
            .Include(m => m.ToolCalls.OrderBy(t => t.Index))
            .OrderByDescending(m => m.Seq)
            .Take(MessagesPerPage + 1)
            .ToListAsync(ct);
        var older = messages.Count > MessagesPerPage;
        return new ConversationView(conversation, [.. messages.Take(MessagesPerPage).Reverse()], older);
    }

    /// <summary>Gives it a name of the person's own.</summary>
    public async Task<Outcome> RenameAsync(Actor actor, Guid teamId, Guid id, string title, CancellationToken ct)
    {
        var text = title.Trim();
        if (text.Length is 0 or > AssistantLimits.TitleLength)
        {
            return Outcome.Invalid("assistant.title", AssistantLimits.TitleLength);
        }

        return await ChangeAsync(actor, teamId, id, q => q.ExecuteUpdateAsync(s => s.SetProperty(c => c.Title, text), ct), ct);
    }

    /// <summary>Keeps what was typed and not sent, so that a reload or a crash loses at most two seconds of it.</summary>
    public Task<Outcome> SaveDraftAsync(Actor actor, Guid teamId, Guid id, string draft, CancellationToken ct)
    {
        var text = draft.Length <= AssistantLimits.DraftLength ? draft : draft[..AssistantLimits.DraftLength];
        return ChangeAsync(actor, teamId, id, q => q.ExecuteUpdateAsync(s => s.SetProperty(c => c.Draft, text), ct), ct);
    }

    /// <summary>Chooses the cluster that tools act on from now on.</summary>
    public async Task<Outcome> ChooseClusterAsync(Actor actor, Guid teamId, Guid id, Guid clusterId, CancellationToken ct)
    {
        var grant = await clusters.AuthorizeAsync(actor, teamId, clusterId, Permission.ClustersView, ct);
        return grant.IsOk
            ? await ChangeAsync(actor, teamId, id, q => q.ExecuteUpdateAsync(s => s.SetProperty(c => c.ClusterId, clusterId), ct), ct)
            : grant.Failure;
    }

    /// <summary>Deletes it with its messages. The caller has stopped its answer (<see cref="Runs.AssistantRuns.DeleteAsync"/>).</summary>
    internal async Task<Outcome> DeleteAsync(Actor actor, Guid teamId, Guid id, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.AssistantUse, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await Own(db, actor, teamId, id).ExecuteDeleteAsync(ct) == 0)
        {
            return Failure.NotFound;
        }

        await db.UserCounters.Where(c => c.UserId == actor.UserId && c.Log == UserLog.Conversations)
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.Count, c => c.Count - 1), ct);
        await activity.RecordAsync(db, actor, new ActivityEvent("assistant.delete", "conversation", id.ToString(), TeamId: teamId), ct);
        await transaction.CommitAsync(ct);
        return Outcome.Ok;
    }

    internal static IQueryable<Conversation> Own(AppDbContext db, Actor actor, Guid teamId, Guid id) =>
        db.Conversations.Where(c => c.Id == id && c.UserId == actor.UserId && c.TeamId == teamId);

    private async Task<Outcome> ChangeAsync(Actor actor, Guid teamId, Guid id, Func<IQueryable<Conversation>, Task<int>> change, CancellationToken ct)
    {
        var grant = await teams.AuthorizeAsync(actor, teamId, Permission.AssistantUse, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        return await change(Own(db, actor, teamId, id)) == 0 ? Failure.NotFound : Outcome.Ok;
    }

    /// <summary>Clause K02: the oldest beyond the cap go, with their messages.</summary>
    private static async Task TrimAsync(AppDbContext db, Guid userId, CancellationToken ct)
    {
        var count = await db.UserCounters.Where(c => c.UserId == userId && c.Log == UserLog.Conversations).Select(c => c.Count).SingleAsync(ct);
        if (count <= AssistantLimits.ConversationsPerUser)
        {
            return;
        }

        var oldest = await db.Conversations.Where(c => c.UserId == userId).OrderByDescending(c => c.UpdatedAt).ThenByDescending(c => c.Seq)
            .Skip(AssistantLimits.ConversationsPerUser).Select(c => c.Seq).Take(500).ToListAsync(ct);
        var gone = await db.Conversations.Where(c => c.UserId == userId && oldest.Contains(c.Seq)).ExecuteDeleteAsync(ct);
        await db.UserCounters.Where(c => c.UserId == userId && c.Log == UserLog.Conversations)
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.Count, c => c.Count - gone), ct);
    }
}
