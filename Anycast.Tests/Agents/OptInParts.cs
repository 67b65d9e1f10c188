using Anycast.Core.Accounts;
using Anycast.Core.Agents.Rights;
using Anycast.Tests.Clusters;
using Anycast.Tests.Shell;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Anycast.Tests.Agents;

/// <summary>Parts of a cluster's pages by themselves, for its owner, over a cluster that is connected.</summary>
internal static class OptInParts
{
    /// <param name="world">The cluster.</param>
    /// <param name="clock">What the parts' own timers go by; the cluster's, when null.</param>
    public static async Task<PartContext> ForAsync(ConnectedCluster world, TimeProvider? clock = null)
    {
        await using var db = await world.Core.OpenAsync();
        var user = await db.Users.SingleAsync(u => u.Id == world.Owner.UserId, Xunit.TestContext.Current.CancellationToken);
        var context = new PartContext("en");
        context.Services.AddLogging();
        context.Services.AddSingleton(clock ?? world.Clock);
        context.Services.AddSingleton(world.Core.Get<RightsService>()).AddSingleton(world.Gateway);
        context.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(user)).AddScoped<CurrentActor>();
        return context;
    }

    private sealed class SignedIn(User user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() =>
            Task.FromResult(new AuthenticationState(Principal.For(user, Guid.NewGuid(), null, "test")));
    }
}
