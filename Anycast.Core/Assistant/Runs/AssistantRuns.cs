using System.Collections.Concurrent;
using Anycast.Core.Accounts.Restriction;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Models;
using Anycast.Core.Common;
using Anycast.Core.Common.RateLimits;
using Anycast.Core.Teams;
using Microsoft.Extensions.Logging;

namespace Anycast.Core.Assistant.Runs;

/// <summary>
/// All answers that grow in this process, by conversation. Asking starts one and returns at once; any number of tabs follow it.
/// </summary>
public sealed class AssistantRuns : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, AssistantRun> _runs = new();
    private readonly ConcurrentDictionary<Guid, Task> _tasks = new();
    private readonly ConversationService _conversations;
    private readonly TeamAccess _teams;
    private readonly ChatClientFactory _models;
    private readonly RestrictionService _restriction;
    private readonly RateLimiter _limiter;
    private readonly RunStore _store;
    private readonly AnswerLoop _loop;
    private readonly ConversationFeed _feed;
    private readonly AssistantTimings _timings;
    private readonly TimeProvider _clock;
    private readonly ILogger<AssistantRuns> _log;
    private bool _stopping;

    internal AssistantRuns(
        ConversationService conversations, TeamAccess teams, ChatClientFactory models, RestrictionService restriction, RateLimiter limiter, RunStore store, AnswerLoop loop,
        ConversationFeed feed, AssistantTimings timings, TimeProvider clock, ILogger<AssistantRuns> log)
    {
        _conversations = conversations;
        _teams = teams;
        _models = models;
        _restriction = restriction;
        _limiter = limiter;
        _store = store;
        _loop = loop;
        _feed = feed;
        _timings = timings;
        _clock = clock;
        _log = log;
    }

    /// <summary>The model that answers.</summary>
    public ChatModel Model => _models.Default;

    /// <summary>Stores a question and starts its answer. When this returns success, the question is not lost.</summary>
    /// <param name="about">The object it is about, as <c>Deployment/shop/checkout</c>, or empty.</param>
    public async Task<Outcome> AskAsync(Actor actor, Guid teamId, Guid conversationId, string question, string about, CancellationToken ct)
    {
        var text = question.Trim();
        if (text.Length == 0)
        {
            return Outcome.Invalid("assistant.question_empty");
        }

        return text.Length > AssistantLimits.QuestionLength || about.Length > 400
            ? Outcome.Invalid("assistant.question_long", AssistantLimits.QuestionLength)
            : await StartAsync(actor, teamId, conversationId, text, about, ct);
    }

    /// <summary>Goes on with an answer that was interrupted, or tries one again that failed.</summary>
    public Task<Outcome> ContinueAsync(Actor actor, Guid teamId, Guid conversationId, CancellationToken ct) =>
        StartAsync(actor, teamId, conversationId, null, "", ct);

    /// <summary>Ends the growing answer of a conversation; what is there is kept. Success also when none grows.</summary>
    public async Task<Outcome> StopAsync(Actor actor, Guid teamId, Guid conversationId, CancellationToken ct)
    {
        var own = await _conversations.GetAsync(actor, teamId, conversationId, ct, before: 0);
        if (!own.IsOk)
        {
            return own.Failure;
        }

        if (_runs.TryGetValue(conversationId, out var run))
        {
            run.Cancel(InterruptReason.Stopped);
        }

        return Outcome.Ok;
    }

    /// <summary>Everything of the growing answer from its beginning, then what comes; null when none grows here.</summary>
    public async Task<Outcome<RunSubscription>> SubscribeAsync(Actor actor, Guid teamId, Guid conversationId, CancellationToken ct)
    {
        var own = await _conversations.GetAsync(actor, teamId, conversationId, ct, before: 0);
        return own.IsOk
            ? new RunSubscription(_runs.TryGetValue(conversationId, out var run) ? run : null)
            : own.Failure;
    }

    /// <summary>Stops its answer, then deletes a conversation for good.</summary>
    public async Task<Outcome> DeleteAsync(Actor actor, Guid teamId, Guid conversationId, CancellationToken ct)
    {
        var stopped = await StopAsync(actor, teamId, conversationId, ct);
        if (!stopped.IsOk)
        {
            return stopped;
        }

        if (_tasks.TryGetValue(conversationId, out var task))
        {
            await task.WaitAsync(_timings.Tool, _clock, ct);
        }

        var deleted = await _conversations.DeleteAsync(actor, teamId, conversationId, ct);
        _feed.Notify(conversationId);
        return deleted;
    }

    /// <summary>Ends the answers of this process whose askers may no longer have them.</summary>
    internal async Task EndForbiddenAsync(CancellationToken ct)
    {
        foreach (var run in _runs.Values)
        {
            var (actor, team) = (run.Answer.Actor, run.Answer.TeamId);
            if (await _restriction.RequireUseAsync(actor, ct) is { IsOk: false })
            {
                run.Cancel(InterruptReason.Restricted);
            }
            else if (await _teams.AuthorizeAsync(actor, team, Permission.AssistantUse, ct) is { IsOk: false })
            {
                run.Cancel(InterruptReason.NotAllowed);
            }
        }
    }

    /// <summary>Ends all answers, as interrupted by a restart, and waits until they are stored.</summary>
    internal async Task StopAllAsync()
    {
        _stopping = true;
        foreach (var run in _runs.Values)
        {
            run.Cancel(InterruptReason.Restart);
        }

        await Task.WhenAll(_tasks.Values);
    }

    public async ValueTask DisposeAsync() => await StopAllAsync();

    private async Task<Outcome> StartAsync(Actor actor, Guid teamId, Guid conversationId, string? question, string about, CancellationToken ct)
    {
        var grant = await _teams.AuthorizeAsync(actor, teamId, Permission.AssistantUse, ct);
        if (!grant.IsOk)
        {
            return grant.Failure;
        }

        if (await _restriction.RequireUseAsync(actor, ct) is { IsOk: false } restricted)
        {
            return restricted;
        }

        if (await _limiter.TakeAsync(RateLimitTable.Questions, actor.UserId.ToString(), ct) is { } tooMany)
        {
            return tooMany;
        }

        if (_stopping || _runs.Count >= AssistantLimits.RunsPerProcess)
        {
            return new Failure(FailureKind.Unavailable, "assistant.full");
        }

        if (_runs.Values.Count(r => r.Answer.Actor.UserId == actor.UserId) >= AssistantLimits.RunsPerUser)
        {
            return new Failure(FailureKind.TooMany, "assistant.too_many_runs", AssistantLimits.RunsPerUser);
        }

        var model = _models.Default;
        var begun = await _store.BeginAsync(actor, teamId, conversationId, question, about, model.Provider, model.Model, ct);
        if (!begun.IsOk)
        {
            return begun.Failure;
        }

        // From here on the answer is the server's: the caller's token ends the asking, not the answering.
        var (conversation, key) = begun.Value;
        var history = await _store.HistoryAsync(key, CancellationToken.None);
        var prompt = PromptHistory.Build(history, goOn: question is null && history is [.., { Role: MessageRole.Assistant }] && !model.IsBuiltIn, _clock.GetUtcNow());
        var run = new AssistantRun(
            new AnswerContext(key, actor, teamId, conversationId, conversation.ClusterId, model, prompt), _loop, _store, _timings, _clock, _log);
        _runs[conversationId] = run;
        _tasks[conversationId] = Task.Run(() => RunAsync(run), CancellationToken.None);
        _feed.Notify(conversationId);
        return Outcome.Ok;
    }

    private async Task RunAsync(AssistantRun run)
    {
        var id = run.Answer.ConversationId;
        try
        {
            await run.RunAsync();
        }
        finally
        {
            _runs.TryRemove(new KeyValuePair<Guid, AssistantRun>(id, run));
            run.Dispose();
            _feed.Notify(id);
        }
    }
}

/// <summary>A look at a growing answer.</summary>
public sealed class RunSubscription
{
    private readonly AssistantRun? _run;

    internal RunSubscription(AssistantRun? run) => _run = run;

    /// <summary>Number of the growing message within its conversation; null when no answer grows here.</summary>
    public int? MessageSeq => _run?.Answer.Key.Seq;

    /// <summary>All events from the answer's beginning, then what comes, until its end. Empty when none grows.</summary>
    public IAsyncEnumerable<AssistantEvent> ReadAsync(CancellationToken ct) => _run?.Log.ReadAsync(ct) ?? AsyncEnumerable.Empty<AssistantEvent>();
}
