using Anycast.Core.Assistant;
using Anycast.Core.Assistant.Conversations;
using Anycast.Core.Assistant.Runs;
using Anycast.Core.Clusters;
using Anycast.Core.Common;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Anycast.Web.Assistant;

/// <summary>
/// One conversation as a tab shows it: its stored messages, the growing answer it follows, and what is asked. It owns no answer: closing it
/// ends nothing, and another tab shows the same.
/// </summary>
public abstract partial class ChatViewBase : ComponentBase, IAsyncDisposable
{
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromSeconds(1);

    private readonly PageLifetime _gone = new();
    private IDisposable? _listening;
    private Guid? _listeningTo;
    private (Guid Team, Guid? Conversation)? _loaded;
    private ChatScript? _script;
    private RunSubscription? _toFollow;
    private bool _following;
    private bool _attaching;
    private bool _loading;
    private bool _loadAgain;

    /// <summary>Slug of the team.</summary>
    [Parameter, EditorRequired]
    public string Team { get; set; } = "";

    [Parameter, EditorRequired]
    public Guid TeamId { get; set; }

    /// <summary>The conversation, null for a new one.</summary>
    [Parameter]
    public Guid? ConversationId { get; set; }

    /// <summary>Slug of the cluster that a new conversation is about.</summary>
    [Parameter]
    public string? ClusterSlug { get; set; }

    /// <summary>The object that the first question is about, as <c>Deployment/shop/checkout</c>.</summary>
    [Parameter]
    public string? About { get; set; }

    /// <summary>Narrow, for the panel.</summary>
    [Parameter]
    public bool Compact { get; set; }

    /// <summary>A new conversation has got its id.</summary>
    [Parameter]
    public EventCallback<Guid> Created { get; set; }

    /// <summary>The conversation's title or state changed.</summary>
    [Parameter]
    public EventCallback<Conversation> Changed { get; set; }

    [Inject]
    protected ConversationService Conversations { get; set; } = null!;

    [Inject]
    protected AssistantRuns Runs { get; set; } = null!;

    [Inject]
    protected ConversationFeed Feed { get; set; } = null!;

    [Inject]
    protected ClusterService ClusterList { get; set; } = null!;

    [Inject]
    protected CurrentActor Current { get; set; } = null!;

    [Inject]
    protected IJSRuntime Js { get; set; } = null!;

    [Inject]
    protected TimeProvider Clock { get; set; } = null!;

    protected Conversation? Conversation { get; private set; }

    protected List<Message> Messages { get; private set; } = [];

    protected bool HasOlder { get; private set; }

    /// <summary>The conversation cannot be shown.</summary>
    protected Failure? Failure { get; private set; }

    /// <summary>The last question was not taken.</summary>
    protected Failure? Refused { get; private set; }

    protected IReadOnlyList<Cluster> Clusters { get; private set; } = [];

    protected Guid? ClusterId { get; private set; }

    protected string? AboutNow { get; set; }

    protected bool Ready { get; private set; }

    /// <summary>An answer grows here and is followed piece by piece.</summary>
    protected bool Growing { get; private set; }

    /// <summary>An answer grows, here or elsewhere.</summary>
    protected bool Running => Growing || Messages is [.., { State: MessageState.Running } last] && last.LeaseUntil > Clock.GetUtcNow();

    protected IJSObjectReference? Module => _script?.Module;

    protected ElementReference Scroller { get; set; }

    protected Composer? Composer { get; set; }

    protected LiveAnswer? Live { get; set; }

    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == (TeamId, ConversationId))
        {
            return;
        }

        _loaded = (TeamId, ConversationId);
        AboutNow = About;
        await LoadClustersAsync();
        await ReloadAsync();
        Ready = true;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        Listen();
        if (Ready && _script is not { IsAttached: true } && Composer is not null && !_attaching)
        {
            _attaching = true;
            _script ??= new ChatScript(Js, this);
            if (!await _script.AttachAsync(Scroller, Composer.Element, Conversation?.Draft ?? "", _gone.Token))
            {
                return;
            }

            _attaching = false;
            StateHasChanged();
        }

        if (_toFollow is { } subscription && Live?.Seq == subscription.MessageSeq && !_following)
        {
            _toFollow = null;
            _following = true;
            _ = FollowAsync(subscription);
        }
    }

    /// <summary>Called by js/chat.js. True when the question was taken.</summary>
    [JSInvokable]
    public async Task<bool> SendAsync(string text)
    {
        var actor = await Current.GetAsync();
        Refused = await EnsureConversationAsync(actor);
        if (Refused is null)
        {
            Refused = (await Runs.AskAsync(actor, TeamId, ConversationId!.Value, text, AboutNow ?? "", _gone.Token)).Failure;
        }

        if (Refused is null)
        {
            AboutNow = null;
            await ReloadAsync();
        }

        StateHasChanged();
        return Refused is null;
    }

    /// <summary>Called by js/chat.js when typing rests.</summary>
    [JSInvokable]
    public async Task DraftAsync(string text)
    {
        var actor = await Current.GetAsync();
        if (ConversationId is null && string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        if (await EnsureConversationAsync(actor) is null)
        {
            await Conversations.SaveDraftAsync(actor, TeamId, ConversationId!.Value, text, _gone.Token);
        }
    }

    protected async Task StopAsync()
    {
        if (ConversationId is { } id)
        {
            await Runs.StopAsync(await Current.GetAsync(), TeamId, id, _gone.Token);
        }
    }

    /// <summary>Goes on with an interrupted answer, or tries a failed one again.</summary>
    protected async Task ContinueAsync()
    {
        if (ConversationId is { } id)
        {
            Refused = (await Runs.ContinueAsync(await Current.GetAsync(), TeamId, id, _gone.Token)).Failure;
            await ReloadAsync();
        }
    }

    protected async Task OlderAsync()
    {
        if (ConversationId is { } id && Messages is [var first, ..])
        {
            var older = await Conversations.GetAsync(await Current.GetAsync(), TeamId, id, _gone.Token, first.Seq);
            if (older.IsOk)
            {
                Messages.InsertRange(0, older.Value.Messages);
                HasOlder = older.Value.HasOlder;
            }
        }
    }

    protected async Task ChooseClusterAsync(Guid? cluster)
    {
        if (cluster is not { } chosen)
        {
            return;
        }

        ClusterId = chosen;
        if (ConversationId is { } id)
        {
            Refused = (await Conversations.ChooseClusterAsync(await Current.GetAsync(), TeamId, id, chosen, _gone.Token)).Failure;
        }
    }

    /// <summary>Asks what a suggestion says.</summary>
    protected Task AskAsync(string text) => _script?.AskAsync(text, _gone.Token) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _gone.CancelAsync();
        _listening?.Dispose();
        if (_script is not null)
        {
            await _script.DisposeAsync();
        }

        _gone.Dispose();
    }

    private async Task LoadClustersAsync()
    {
        var actor = await Current.GetAsync();
        var clusters = await ClusterList.ListAsync(actor, TeamId, _gone.Token);
        Clusters = clusters.IsOk ? clusters.Value : [];
        ClusterId = Clusters.FirstOrDefault(c => c.Slug == ClusterSlug)?.Id ?? (Clusters.Count > 1 ? await LastClusterAsync(actor) : null) ?? (Clusters is [var first, ..] ? first.Id : null);
    }

    /// <summary>The one asked about last, if it is still there: a question without a cluster could not be answered.</summary>
    private async Task<Guid?> LastClusterAsync(Actor actor)
    {
        var last = await Conversations.ListAsync(actor, TeamId, search: null, new PageRequest(1, 1), _gone.Token);
        return last.IsOk && last.Value.Items is [{ ClusterId: { } cluster }] && Clusters.Any(c => c.Id == cluster) ? cluster : null;
    }

    private async Task<Failure?> EnsureConversationAsync(Actor actor)
    {
        if (ConversationId is not null)
        {
            return null;
        }

        var made = await Conversations.CreateAsync(actor, TeamId, ClusterId, _gone.Token);
        if (!made.IsOk)
        {
            return made.Failure;
        }

        Conversation = made.Value;
        ConversationId = made.Value.Id;
        ClusterId = made.Value.ClusterId;
        _loaded = (TeamId, ConversationId);
        Listen();
        await Created.InvokeAsync(made.Value.Id);
        return null;
    }

    /// <summary>Reads the stored messages and takes up the growing answer. One at a time; a call during another makes that one repeat.</summary>
    private async Task ReloadAsync()
    {
        if (_loading)
        {
            _loadAgain = true;
            return;
        }

        _loading = true;
        try
        {
            do
            {
                _loadAgain = false;
                await ReadAsync();
            }
            while (_loadAgain);
        }
        finally
        {
            _loading = false;
        }
    }

    private async Task ReadAsync()
    {
        if (ConversationId is not { } id || _gone.IsCancellationRequested)
        {
            (Conversation, Messages, HasOlder, Failure) = (null, [], false, null);
            return;
        }

        var actor = await Current.GetAsync();
        var view = await Conversations.GetAsync(actor, TeamId, id, _gone.Token);
        if (!view.IsOk)
        {
            (Conversation, Messages, Failure, Growing) = (null, [], view.Failure, false);
            return;
        }

        Failure = null;
        Conversation = view.Value.Conversation;
        ClusterId = Conversation.ClusterId ?? ClusterId;
        Messages = [.. view.Value.Messages];
        HasOlder = view.Value.HasOlder;
        if (!_following)
        {
            await TakeUpAsync(actor, id);
        }

        await Changed.InvokeAsync(Conversation);
    }
}
