using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Harness.Circuits;

/// <summary>Somebody with a session.</summary>
internal sealed record CircuitPerson(Actor Actor, string Cookie);

/// <summary>The web host in this process on a real socket: its services are in reach, and its hub is spoken to as by any browser.</summary>
internal sealed class CircuitSite : IAsyncDisposable
{
    private readonly InProcessApp _app;

    private CircuitSite(InProcessApp app)
    {
        _app = app;
        Address = new Uri(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), "/");
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    }

    public Uri Address { get; }

    /// <summary>Follows no redirect and keeps no cookie.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public static Task<CircuitSite> StartAsync(Dictionary<string, string?>? settings = null)
    {
        var app = new InProcessApp(settings);
        app.UseKestrel(0);
        app.StartServer();
        return Task.FromResult(new CircuitSite(app));
    }

    public Task<AppDbContext> OpenAsync() => Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();

    /// <summary>A confirmed account, in a team where one is given, with the cookie of a session.</summary>
    public async Task<CircuitPerson> PersonAsync(Guid? team = null, TeamRole role = TeamRole.Member)
    {
        var clock = Services.GetRequiredService<TimeProvider>();
        var user = Services.NewUser($"person-{Guid.NewGuid():N}@example.org", "Person");
        user.EmailConfirmed = true;
        user.EmailConfirmedAt = clock.GetUtcNow();
        user.TermsVersion = new Anycast.Core.Accounts.Terms.TermsOptions().Version;
        await using (var db = await OpenAsync())
        {
            db.Users.Add(user);
            if (team is { } id)
            {
                db.Memberships.Add(new Membership { TeamId = id, UserId = user.Id, Role = role, JoinedAt = clock.GetUtcNow() });
            }

            await db.SaveChangesAsync();
        }

        var actor = ActorFactory.For(user, ip: "192.0.2.10", device: "Firefox, Linux");
        return new CircuitPerson(actor, await Services.SessionCookieAsync(actor));
    }

    public Task<RawCircuit> OpenAsync(string path, string? cookie) => RawCircuit.OpenAsync(Client, Address, path, cookie);

    public async Task<string> TextAsync(string path, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, path));
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        using var answer = await Client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
