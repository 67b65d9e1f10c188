using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Tests.Harness;
using Anycast.Web.Accounts;
using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Anycast.Tests.Hosting;

/// <summary>A circuit belongs to whoever opened it: the framework would give it to whoever the browser has become (T12).</summary>
public sealed class CircuitIdentityTests
{
    [Fact]
    public async Task Circuit_ReconnectedAsSomebodyElse_IsNobodysEachTime()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        var (ada, grace) = (await host.UserAsync(), await host.UserAsync());
        for (var i = 0; i < 100; i++)
        {
            using var provider = new SessionAuthenticationStateProvider(NullLoggerFactory.Instance, host.Get<SessionService>(), host.Clock, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
            var session = Ids.New(host.Clock);
            Connect(provider, ada, session);
            Connect(provider, ada, session); // The same person reconnects.
            Assert.Equal(ada.Id, (await provider.GetAuthenticationStateAsync()).User.UserId());
            Connect(provider, i % 2 == 0 ? grace : ada, Ids.New(host.Clock));
            Assert.Equal(Actor.Anonymous, (await provider.GetAuthenticationStateAsync()).User.ToActor());
            Connect(provider, ada, session); // Neither does it come back.
            Assert.Equal(Actor.Anonymous, (await provider.GetAuthenticationStateAsync()).User.ToActor());
        }
    }

    [Fact]
    public async Task Circuit_OfNobody_StaysNobodysAfterASignInElsewhere()
    {
        await using var host = await CoreHost.StartAsync(TestProvider.Sqlite);
        using var provider = new SessionAuthenticationStateProvider(NullLoggerFactory.Instance, host.Get<SessionService>(), host.Clock, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));
        ((IHostEnvironmentAuthenticationStateProvider)provider).SetAuthenticationState(Task.FromResult(new AuthenticationState(new())));
        Connect(provider, await host.UserAsync(), Ids.New(host.Clock));
        Assert.Equal(Actor.Anonymous, (await provider.GetAuthenticationStateAsync()).User.ToActor());
    }

    /// <summary>As the framework does, at the start of a circuit and whenever its connection comes up.</summary>
    private static void Connect(IHostEnvironmentAuthenticationStateProvider provider, User user, Guid session) =>
        provider.SetAuthenticationState(Task.FromResult(new AuthenticationState(Principal.For(user, session, "192.0.2.1", "Firefox, Linux"))));
}
