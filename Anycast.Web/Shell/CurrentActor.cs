using Anycast.Core.Common;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Components.Authorization;

namespace Anycast.Web.Shell;

/// <summary>Who uses this circuit or makes this request, for the services of Core.</summary>
public sealed class CurrentActor(AuthenticationStateProvider authentication)
{
    /// <summary>The actor; <see cref="Actor.Anonymous"/> when nobody is signed in or the session has been ended.</summary>
    public async Task<Actor> GetAsync() => (await authentication.GetAuthenticationStateAsync()).User.ToActor();
}
