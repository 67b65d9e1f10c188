using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace Anycast.Web.Hosting;

/// <summary>
/// Who uses a circuit: whoever opened it, as long as their session lives. Asked every few seconds, so that a revoked session becomes nobody within
/// 5 seconds (T11). A browser that signed in as somebody else meanwhile and reconnects gets no circuit of the first person: the framework would bind
/// it to the new one, with all that the first had on the screen (T12).
/// </summary>
internal sealed class SessionAuthenticationStateProvider(ILoggerFactory loggers, SessionService sessions)
    : RevalidatingServerAuthenticationStateProvider(loggers), IHostEnvironmentAuthenticationStateProvider
{
    private static readonly AuthenticationState s_nobody = new(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity()));

    private (Guid? Session, Guid? User)? _first;
    private bool _isForeign;

    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(4);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User.SessionId() is { } id && await sessions.IsAliveAsync(id, cancellationToken);

    void IHostEnvironmentAuthenticationStateProvider.SetAuthenticationState(Task<AuthenticationState> authenticationStateTask) =>
        SetAuthenticationState(PinAsync(authenticationStateTask));

    /// <summary>The first identity, and never another: once a foreign one was seen, it stays with nobody.</summary>
    private async Task<AuthenticationState> PinAsync(Task<AuthenticationState> given)
    {
        var state = await given;
        var who = (state.User.SessionId(), state.User.UserId());
        _first ??= who;
        _isForeign |= _first != who;
        return _isForeign ? s_nobody : state;
    }
}
