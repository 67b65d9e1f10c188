using Anycast.Core.Agents.Rights;
using Anycast.Core.Clusters.Gateway;
using Anycast.Tunnel.OptIns;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Components;

namespace Anycast.Web.Clusters;

/// <summary>
/// What cards share that show what an opt-in of the customer's allows: what was read under it does not outlive it, also not on a page that stays open.
/// Its copy here goes within half a minute after the opt-in was withdrawn or has expired (security §3.6: within 60 s).
/// </summary>
public abstract class OptInCard : ComponentBase, IDisposable
{
    private static readonly TimeSpan s_askAgain = TimeSpan.FromSeconds(20);
    private readonly PageLifetime _gone = new();

    [Parameter, EditorRequired]
    public required ScopedCache Open { get; set; }

    [Parameter, EditorRequired]
    public required string Namespace { get; set; }

    [Inject]
    protected ClusterGateway Gateway { get; set; } = null!;

    [Inject]
    protected CurrentActor Current { get; set; } = null!;

    [Inject]
    private RightsService Rights { get; set; } = null!;

    [Inject]
    private TimeProvider Clock { get; set; } = null!;

    /// <summary>The opt-in was in force for the namespace when it was looked at last.</summary>
    protected bool Allowed { get; private set; }

    protected CancellationToken Gone => _gone.Token;

    /// <summary>The opt-in that it stands on.</summary>
    protected abstract OptInKind Kind { get; }

    /// <summary>It holds something that was read.</summary>
    protected abstract bool Holds { get; }

    /// <summary>Lets go of what was read; the opt-in is over.</summary>
    protected abstract void Forget();

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            Rights.Changed += OnRights;
            _ = WatchAsync();
        }
    }

    protected async Task LookAsync()
    {
        var namespaces = await Rights.OptedInAsync(await Current.GetAsync(), Open.Grant.TeamId, Open.Grant.ClusterId, Kind, Gone);
        Allowed = namespaces.Value?.Contains(Namespace) == true;
        if (!Allowed && Holds)
        {
            Forget();
        }
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(s_askAgain, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(Gone))
            {
                if (Holds)
                {
                    await Rights.AskAsync(await Current.GetAsync(), Open.Grant.TeamId, Open.Grant.ClusterId, Gone);
                    await AgainAsync();
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && _gone.IsCancellationRequested)
        {
            // The page was closed.
        }
    }

    private void OnRights(Guid clusterId)
    {
        if (clusterId == Open.Grant.ClusterId)
        {
            _ = AgainAsync();
        }
    }

    private Task AgainAsync() => InvokeAsync(async () =>
    {
        try
        {
            await LookAsync();
            StateHasChanged();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && _gone.IsCancellationRequested)
        {
            // The page was closed meanwhile.
        }
    });

    public void Dispose()
    {
        Rights.Changed -= OnRights;
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }
}
