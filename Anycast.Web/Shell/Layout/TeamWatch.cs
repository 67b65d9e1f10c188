using Anycast.Core.Teams;
using Anycast.Web.Shell.Parts;
using Microsoft.AspNetCore.Components;

namespace Anycast.Web.Shell.Layout;

/// <summary>
/// Ends the view of a team from which its person was removed, whose door was closed to them, or in which they may do less now (T11). No call of such a page succeeds from the
/// moment of the change, since each reads the membership; this makes sure that what is on the screen goes too, and comes no more. Asked every few
/// seconds, so that it holds whichever replica made the change.
/// </summary>
public sealed class TeamWatch : ComponentBase, IDisposable
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(2.5);

    private readonly PageLifetime _gone = new();
    private IReadOnlyDictionary<string, TeamRole?> _roles = new Dictionary<string, TeamRole?>();
    private (string Team, TeamRole Role)? _shown;

    /// <summary>Slug of the team in view.</summary>
    [Parameter]
    public string? Team { get; set; }

    /// <summary>Raised once, when the view must end.</summary>
    [Parameter, EditorRequired]
    public EventCallback Ended { get; set; }

    [Inject]
    private ShellState Shell { get; set; } = null!;

    [Inject]
    private TimeProvider Clock { get; set; } = null!;

    [Inject]
    private IHostApplicationLifetime Process { get; set; } = null!;

    [Inject]
    private ILogger<TeamWatch> Log { get; set; } = null!;

    protected override void OnInitialized()
    {
        Shell.Changed += Note;
        _ = WatchAsync();
    }

    protected override void OnParametersSet() => Note();

    public void Dispose()
    {
        Shell.Changed -= Note;
        _gone.Dispose();
    }

    /// <summary>Notes what the page in view was shown for: the frame reads its teams again now and then, and may know of a change first.</summary>
    private void Note()
    {
        if (_shown?.Team != Team)
        {
            _shown = null;
        }

        if (Team is { } team && Shell.Teams.FirstOrDefault(t => t.Slug == team) is { Door: TeamDoor.Open } now && (_shown is null || now.Role > _shown.Value.Role))
        {
            _shown = (team, now.Role);
        }
    }

    private async Task WatchAsync()
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token, Process.ApplicationStopping);
        var ct = ends.Token;
        try
        {
            using var timer = new PeriodicTimer(s_period, Clock);
            while (await timer.WaitForNextTickAsync(ct))
            {
                await InvokeAsync(() => LookAsync(ct));
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The page was closed, or the process ends.
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        IReadOnlyDictionary<string, TeamRole?> now; // None: the door is closed.
        try
        {
            now = (await Shell.TeamsNowAsync(ct)).ToDictionary(t => t.Slug, t => t.Door == TeamDoor.Open ? t.Role : (TeamRole?)null, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or TimeoutException)
        {
            Log.LogWarning(e, "Memberships could not be read; asked again in a moment");
            return;
        }

        var before = _roles;
        _roles = now;
        if (_shown is { } shown && (!now.TryGetValue(shown.Team, out var role) || role is null || role < shown.Role))
        {
            await Ended.InvokeAsync();
        }
        else if (before.Count > 0 && (before.Count != now.Count || before.Any(b => !now.TryGetValue(b.Key, out var current) || current != b.Value)))
        {
            await Shell.RefreshAsync(ct);
        }
    }
}
