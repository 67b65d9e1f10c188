using Anycast.Core.Accounts;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Anycast.Web.Hosting;

/// <summary>Counts what a person does in a circuit as activity of the session (S04), at most once a minute.</summary>
internal sealed class SessionActivity(AuthenticationStateProvider authentication, SessionService sessions, TimeProvider clock) : CircuitHandler
{
    private long _recorded;

    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) => async context =>
    {
        if (_recorded == 0 || clock.GetElapsedTime(_recorded) > SessionService.Granularity)
        {
            _recorded = clock.GetTimestamp();
            var state = await authentication.GetAuthenticationStateAsync();
            if (state.User.SessionId() is { } id)
            {
                await sessions.TouchAsync(id, CancellationToken.None);
            }
        }

        await next(context);
    };
}
