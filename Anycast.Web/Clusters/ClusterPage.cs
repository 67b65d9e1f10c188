using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Components;

namespace Anycast.Web.Clusters;

/// <summary>
/// What all pages of a cluster share: they open its cache once authorized, are told of changes, and ask again every few seconds whether the
/// person may still look. A cluster that is removed meanwhile leaves a friendly page, not a dead one.
/// </summary>
public abstract class ClusterPage : ComponentBase, IDisposable
{
    private static readonly TimeSpan s_askAgain = TimeSpan.FromSeconds(5);

    private readonly PageLifetime _gone = new();
    private IDisposable? _subscription;
    private string? _opened;
    private long _askedAt;

    /// <summary>Slug of the team.</summary>
    [Parameter]
    public string Team { get; set; } = "";

    /// <summary>Slug of the cluster.</summary>
    [Parameter]
    public string Cluster { get; set; } = "";

    [Inject]
    protected ClusterGateway Gateway { get; set; } = null!;

    [Inject]
    protected CurrentActor Current { get; set; } = null!;

    [Inject]
    protected TimeProvider Clock { get; set; } = null!;

    /// <summary>Cache and scope, null while not authorized.</summary>
    protected ScopedCache? Open { get; private set; }

    protected Failure? Failure { get; private set; }

    /// <summary>The cluster was removed while this page was open.</summary>
    protected bool Removed { get; private set; }

    protected Actor Actor { get; private set; } = Actor.Anonymous;

    protected CancellationToken Gone => _gone.Token;

    protected override async Task OnParametersSetAsync()
    {
        var wanted = $"{Team}/{Cluster}";
        if (_opened != wanted)
        {
            _opened = wanted;
            await OpenAsync();
        }

        if (Open is not null)
        {
            await LoadAsync();
        }
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (_subscription is null && Open is not null && !Removed)
        {
            _subscription = Open.Cache.Subscribe(change => _ = InvokeAsync(() => OnChangeAsync(change)));
        }
    }

    /// <summary>Reads what the page shows; after opening, and whenever its parameters change.</summary>
    protected virtual Task LoadAsync() => Task.CompletedTask;

    /// <summary>Rows changed. The page renders afterwards when this says so.</summary>
    protected virtual Task<bool> ChangedAsync(ClusterChange change) => Task.FromResult(true);

    /// <summary>Asks for the cluster again, for the retry button.</summary>
    protected async Task OpenAsync()
    {
        _subscription?.Dispose();
        _subscription = null;
        Actor = await Current.GetAsync();
        var open = await Gateway.OpenCacheAsync(Actor, Team, Cluster, Gone);
        _askedAt = Clock.GetTimestamp();
        (Open, Failure) = (open.Value, open.Failure);
        Removed = Removed && Open is null;
    }

    private async Task OnChangeAsync(ClusterChange change)
    {
        if (_gone.IsCancellationRequested || Open is null)
        {
            return;
        }

        if (change.Removed)
        {
            Removed = true;
            StateHasChanged();
            return;
        }

        try
        {
            if (Clock.GetElapsedTime(_askedAt) > s_askAgain)
            {
                await OpenAgainAsync();
            }

            if (Open is null || await ChangedAsync(change) || change.Connection)
            {
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // The page was closed meanwhile.
        }
    }

    /// <summary>A removal from the team ends the view of an open page within seconds (T11).</summary>
    private async Task OpenAgainAsync()
    {
        _askedAt = Clock.GetTimestamp();
        Actor = await Current.GetAsync();
        var open = await Gateway.OpenCacheAsync(Actor, Team, Cluster, Gone);
        if (!open.IsOk)
        {
            _subscription?.Dispose();
            (Open, Failure) = (null, open.Failure);
        }
        else
        {
            // The cache object is the same as long as the process lives; grant and names are fresh.
            Open = open.Value;
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
            _subscription?.Dispose();
            _gone.Dispose();
        }
    }
}
