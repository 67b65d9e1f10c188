using System.Data.Common;
using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace Anycast.Web.Hosting;

/// <summary>
/// Who uses a circuit: whoever opened it, as long as their session lives. Whoever acts is asked about at most a second late, and everybody every few
/// seconds, so that a revoked session becomes nobody within 5 seconds (T11). A database that does not answer signs nobody out at once, but what was
/// last heard is believed for 30 seconds and no longer. A browser that signed in as somebody else meanwhile and reconnects gets no circuit of the
/// first person: the framework would bind it to the new one, with all that the first had on the screen (T12).
/// </summary>
internal sealed class SessionAuthenticationStateProvider(ILoggerFactory loggers, SessionService sessions, TimeProvider clock, IHostApplicationLifetime process)
    : RevalidatingServerAuthenticationStateProvider(loggers), IHostEnvironmentAuthenticationStateProvider
{
    /// <summary>How old the knowledge may be on which somebody acts.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    /// <summary>How long a database that cannot be asked is waited for.</summary>
    public static readonly TimeSpan Believed = TimeSpan.FromSeconds(30);

    private static readonly AuthenticationState s_nobody = new(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity()));

    private readonly ILogger _log = loggers.CreateLogger<SessionAuthenticationStateProvider>();
    private (Guid? Session, Guid? User)? _first;
    private bool _isForeign;
    private long _confirmedAt = clock.GetTimestamp();

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(4);

    /// <inheritdoc/>
    public override async Task<AuthenticationState> GetAuthenticationStateAsync()
    {
        var state = await base.GetAuthenticationStateAsync();
        if (state.User.SessionId() is not { } id || clock.GetElapsedTime(_confirmedAt) <= Fresh || await IsConfirmedAsync(id, CancellationToken.None))
        {
            return state;
        }

        SetAuthenticationState(Task.FromResult(s_nobody));
        return s_nobody;
    }

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User.SessionId() is { } id && await IsConfirmedAsync(id, cancellationToken);

    void IHostEnvironmentAuthenticationStateProvider.SetAuthenticationState(Task<AuthenticationState> authenticationStateTask) =>
        SetAuthenticationState(PinAsync(authenticationStateTask));

    private async Task<bool> IsConfirmedAsync(Guid session, CancellationToken ct)
    {
        var asked = clock.GetTimestamp();
        try
        {
            if (!await sessions.IsAliveAsync(session, ct))
            {
                return false;
            }

            _confirmedAt = asked;
            return true;
        }
        catch (Exception e) when (e is DbException or TimeoutException or InvalidOperationException { InnerException: DbException or TimeoutException })
        {
            if (!process.ApplicationStopping.IsCancellationRequested)
            {
                _log.LogWarning(e, "Whether a session still lives could not be asked");
            }

            return clock.GetElapsedTime(_confirmedAt) < Believed;
        }
    }

    /// <summary>The first identity, and never another: once a foreign one was seen, it stays with nobody.</summary>
    private async Task<AuthenticationState> PinAsync(Task<AuthenticationState> given)
    {
        var state = await given;
        var who = (state.User.SessionId(), state.User.UserId());
        _first ??= who;
        _isForeign |= _first != who;
        _confirmedAt = clock.GetTimestamp(); // The request or connection was authenticated just now.
        return _isForeign ? s_nobody : state;
    }
}
