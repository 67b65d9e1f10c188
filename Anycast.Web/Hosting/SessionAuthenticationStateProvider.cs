using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;

namespace Anycast.Web.Hosting;

/// <summary>Asks every few seconds whether the session behind an open circuit still lives; a revoked one becomes nobody within 5 seconds (T11).</summary>
internal sealed class SessionAuthenticationStateProvider(ILoggerFactory loggers, SessionService sessions) : RevalidatingServerAuthenticationStateProvider(loggers)
{
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(4);

    protected override async Task<bool> ValidateAuthenticationStateAsync(AuthenticationState authenticationState, CancellationToken cancellationToken) =>
        authenticationState.User.SessionId() is { } id && await sessions.IsAliveAsync(id, cancellationToken);
}
