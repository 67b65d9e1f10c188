using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Proposals;
using Anycast.Core.Teams;
using Anycast.Web.Accounts.StepUp;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Localization;

namespace Anycast.Web.Proposals;

/// <summary>What <see cref="ProposalCard"/> does; how it looks is in the component.</summary>
public abstract class ProposalCardBase : ComponentBase, IDisposable
{
    private readonly PageLifetime _gone = new();
    private ITimer? _timer;
    private bool _listening;

    /// <summary>Which proposal.</summary>
    [Parameter, EditorRequired]
    public Guid ProposalId { get; set; }

    /// <summary>Whether its title links to its page.</summary>
    [Parameter]
    public bool Linked { get; set; } = true;

    /// <summary>Slug of the team, for links; none without it.</summary>
    [Parameter]
    public string? TeamSlug { get; set; }

    /// <summary>A proposal that takes this one back was made.</summary>
    [Parameter]
    public EventCallback<Guid> Undone { get; set; }

    [Inject]
    protected ProposalService Proposals { get; set; } = null!;

    [Inject]
    protected ProposalApproval Approval { get; set; } = null!;

    [Inject]
    protected StepUps StepUps { get; set; } = null!;

    [Inject]
    protected ProposalFeed Feed { get; set; } = null!;

    [Inject]
    protected CurrentActor Current { get; set; } = null!;

    [Inject]
    protected TimeProvider Clock { get; set; } = null!;

    protected ProposalView? View { get; private set; }

    protected Failure? Failure { get; private set; }

    protected string? Typed { get; set; }

    protected bool Busy { get; private set; }

    /// <summary>The row's state; late is late even before the sweep has said so.</summary>
    protected ProposalState ShownState => View!.Row is { State: ProposalState.Proposed } row && row.ExpiresAt <= Clock.GetUtcNow() ? ProposalState.Expired : View.Row.State;

    protected TimeSpan Remaining => View!.Row.ExpiresAt - Clock.GetUtcNow() is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    protected bool Ready => !View!.NeedsTypedName || string.Equals(Typed?.Trim(), View.Row.TargetName, StringComparison.Ordinal);

    protected string Tone => ShownState switch
    {
        ProposalState.Executed => "ok",
        ProposalState.Proposed => "accent",
        ProposalState.Approved or ProposalState.Taken => "info",
        ProposalState.Failed => "bad",
        ProposalState.Unknown => "warn",
        _ => "",
    };

    protected string Shape => ShownState switch
    {
        ProposalState.Executed => "circle-check",
        ProposalState.Proposed => "clock",
        ProposalState.Approved or ProposalState.Taken => "loader-circle",
        ProposalState.Failed => "circle-x",
        ProposalState.Unknown => "triangle-alert",
        _ => "ban",
    };

    protected string Title(IStringLocalizer<ProposalText> text) => text[$"Operation.{View!.Row.Operation}", View.Row.TargetName];

    protected override async Task OnParametersSetAsync()
    {
        if (View?.Row.Id != ProposalId)
        {
            View = null;
            await LoadAsync();
        }
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && !_listening)
        {
            _listening = true;
            Feed.Changed += OnChanged;
            _timer = Clock.CreateTimer(_ => _ = InvokeAsync(Tick), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }
    }

    protected async Task ApproveAsync()
    {
        if (Busy || View is null)
        {
            return;
        }

        Busy = true;
        Failure = null;
        StateHasChanged();
        var (actor, team) = (await Current.GetAsync(), View.Row.TeamId);
        var done = await StepUps.RunAsync(() => Approval.ApproveAsync(actor, team, ProposalId, Typed, _gone.Token));
        Busy = false;
        await LoadAsync();
        Failure = done.Failure;
    }

    protected async Task RejectAsync()
    {
        if (Busy || View is null)
        {
            return;
        }

        var done = await Approval.RejectAsync(await Current.GetAsync(), View.Row.TeamId, ProposalId, _gone.Token);
        await LoadAsync();
        Failure = done.Failure;
    }

    protected async Task UndoAsync()
    {
        if (Busy || View is null)
        {
            return;
        }

        Busy = true;
        var made = await Proposals.ProposeUndoAsync(await Current.GetAsync(), View.Row.TeamId, ProposalId, _gone.Token);
        Busy = false;
        Failure = made.Failure;
        if (made.IsOk)
        {
            await Undone.InvokeAsync(made.Value.Id);
        }
    }

    private async Task LoadAsync()
    {
        var found = await Proposals.FindAsync(await Current.GetAsync(), ProposalId, _gone.Token);
        View = found.Value ?? View;
        Failure = found.Failure;
    }

    private void OnChanged(Guid teamId, Guid proposalId)
    {
        if (proposalId == ProposalId && !_gone.IsCancellationRequested)
        {
            _ = InvokeAsync(async () =>
            {
                if (!Busy && !_gone.IsCancellationRequested)
                {
                    var failure = Failure;
                    await LoadAsync();
                    Failure ??= failure;
                    StateHasChanged();
                }
            });
        }
    }

    private void Tick()
    {
        if (View?.Row.State == ProposalState.Proposed)
        {
            StateHasChanged();
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_gone.IsCancellationRequested)
        {
            _gone.Cancel();
            Feed.Changed -= OnChanged;
            _timer?.Dispose();
            _gone.Dispose();
        }
    }
}
