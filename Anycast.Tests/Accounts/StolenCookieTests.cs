using System.Net;
using System.Security.Claims;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Operators;
using Anycast.Tests.Harness;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Anycast.Tests.Accounts;

/// <summary>A stolen cookie after everything that ends it, and what a thief may make of one (T20): accepted 0 times in twenty cases.</summary>
public sealed class StolenCookieTests
{
    private const string Name = "__Host-anycast.session";

    [Fact]
    [PolicyClause("D21", "D23")]
    public async Task Cookies_ThatWereStolen_AreWorthNothingInTwentyCases()
    {
        var clock = new ShiftedClock();
        using var app = new InProcessApp(new Dictionary<string, string?> { ["Anycast:Setup:OperatorEmail"] = "olga@example.org", ["Anycast:Setup:OperatorPassword"] = CoreHost.Password }, clock);
        using var foreign = new InProcessApp();
        using var client = app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false, BaseAddress = new Uri("https://localhost") });
        var (sessions, accounts) = (app.Services.GetRequiredService<SessionService>(), app.Services.GetRequiredService<AccountService>());
        var (cases, accepted) = (0, new List<string>());

        async Task EndedAsync(string name, Func<Actor, Task> kill)
        {
            var (actor, cookie) = await VictimAsync(app);
            Assert.Equal(HttpStatusCode.OK, await AskAsync(client, $"{cookie}")); // It was worth something.
            await kill(actor);
            await NotAcceptedAsync(name, cookie);
        }

        async Task ForgedAsync(string name, Func<Actor, string, Task<string>> forge)
        {
            var (actor, cookie) = await VictimAsync(app);
            await NotAcceptedAsync(name, await forge(actor, cookie[(Name.Length + 1)..]));
        }

        async Task NotAcceptedAsync(string name, string header)
        {
            cases++;
            if (await AskAsync(client, header) is HttpStatusCode.OK || await AskAsync(client, header, AppUrls.KeepAlive, HttpMethod.Post) is HttpStatusCode.NoContent)
            {
                accepted.Add(name);
            }
        }

        static Task<string> Value(string value) => Task.FromResult($"{Name}={value}");

        await EndedAsync("after all sessions were ended", a => sessions.CloseOthersAsync(a.UserId, keep: null, default));
        await EndedAsync("after it was ended from another session", async a => await sessions.RevokeAsync(a, (await sessions.ListAsync(a, default)).Single().Id, default));
        await EndedAsync("after all others were ended", async a => await sessions.RevokeOthersAsync(a with { SessionId = Ids.New(clock) }, default));
        await EndedAsync("after the password was changed", async a => Assert.True((await accounts.ChangePasswordAsync(a, CoreHost.Password, "another lamp, eighteen boats", People.Link, default)).IsOk));
        await EndedAsync("after the password was reset", async a =>
        {
            await using var db = await OpenAsync(app);
            var secret = await app.Services.GetRequiredService<AccountTokens>().MakeAsync(db, a.UserId, TokenPurpose.ResetPassword, TimeSpan.FromHours(1), default); // what the mail holds
            await db.SaveChangesAsync();
            Assert.True((await accounts.ResetPasswordAsync(secret, "another lamp, eighteen boats", People.Link, default)).IsOk);
        });
        await EndedAsync("after an operator blocked the account", async a => Assert.True((await app.Services.GetRequiredService<UserDirectory>().BlockAsync(await OperatorAsync(app), a.UserId, default)).IsOk));
        await EndedAsync("after the account was deleted", a => ChangeAsync(app, a, u => u.DeletedAt = clock.GetUtcNow()));
        await EndedAsync("after a fresh proof gave the session a new key", async a => Assert.NotNull(await sessions.RekeyAsync((await sessions.ListAsync(a, default)).Single().Id, [1, 2, 3], default)));
        await EndedAsync("after the row was purged", async a =>
        {
            await using var db = await OpenAsync(app);
            await db.Sessions.Where(s => s.UserId == a.UserId).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastSeenAt, clock.GetUtcNow() - TimeSpan.FromDays(60)));
            await sessions.PurgeAsync(default);
        });
        await EndedAsync("after sixty days without activity", async a =>
        {
            await using var db = await OpenAsync(app);
            await db.Sessions.Where(s => s.UserId == a.UserId).ExecuteUpdateAsync(s => s.SetProperty(x => x.LastSeenAt, clock.GetUtcNow() - TimeSpan.FromDays(60)));
        });
        await EndedAsync("after the ticket was replaced by another person's", async a =>
        {
            await VictimAsync(app);
            await using var db = await OpenAsync(app);
            var ticket = await db.Sessions.Where(s => s.UserId != a.UserId).Select(s => s.Ticket).FirstAsync();
            await db.Sessions.Where(s => s.UserId == a.UserId).ExecuteUpdateAsync(s => s.SetProperty(x => x.Ticket, ticket));
        });

        await ForgedAsync("with its end cut off", (_, value) => Value(value[..^8]));
        await ForgedAsync("with one character changed", (_, value) => Value(value[..40] + (value[40] == 'A' ? 'B' : 'A') + value[41..]));
        await ForgedAsync("under the name without its prefix", (_, value) => Task.FromResult($"anycast.session={value}"));
        await ForgedAsync("with the session's id for its key", async (a, _) => $"{Name}={Protect(app, (await sessions.ListAsync(a, default)).Single().Id.ToString("N"))}");
        await ForgedAsync("with the stored hash for its key", async (a, _) => $"{Name}={Protect(app, (await sessions.ListAsync(a, default)).Single().KeyHash)}");
        await ForgedAsync("of another installation", (_, _) => Task.FromResult($"{Name}={Protect(foreign, Ids.Secret())}"));
        await ForgedAsync("with a key that was guessed", (_, _) => Task.FromResult($"{Name}={Protect(app, Ids.Secret())}"));
        await ForgedAsync("as the bare key", (_, _) => Value(Ids.Secret()));
        await ForgedAsync("with a ticket of one's own making", async (a, _) =>
        {
            var options = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Principal.Scheme);
            await using var db = await OpenAsync(app);
            return $"{Name}={options.TicketDataFormat.Protect(new AuthenticationTicket(Principal.For(await db.Users.SingleAsync(u => u.Id == a.UserId), Ids.New(clock), "192.0.2.1", ""), Principal.Scheme))}";
        });

        Assert.Empty(accepted);
        Assert.Equal(20, cases);
    }

    private static string Protect(InProcessApp app, string key)
    {
        var options = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Principal.Scheme);
        var holder = new ClaimsPrincipal(new ClaimsIdentity([new Claim("Microsoft.AspNetCore.Authentication.Cookies-SessionId", key)], Principal.Scheme));
        return options.TicketDataFormat.Protect(new AuthenticationTicket(holder, null, Principal.Scheme));
    }

    private static async Task<(Actor Actor, string Cookie)> VictimAsync(InProcessApp app)
    {
        var user = app.Services.NewUser($"victim-{Guid.NewGuid():N}@example.org", "Victim");
        user.EmailConfirmed = true;
        user.EmailConfirmedAt = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        user.TermsVersion = new Anycast.Core.Accounts.Terms.TermsOptions().Version;
        await using (var db = await OpenAsync(app))
        {
            db.Users.Add(user);
            await db.SaveChangesAsync();
        }

        var actor = ActorFactory.For(user, ip: "192.0.2.10", device: "Firefox, Linux");
        return (actor, await app.Services.SessionCookieAsync(actor));
    }

    private static async Task<Actor> OperatorAsync(InProcessApp app)
    {
        await using var db = await OpenAsync(app);
        var user = await db.Users.SingleAsync(u => u.Email == "olga@example.org");
        var id = Ids.New(TimeProvider.System);
        await app.Services.GetRequiredService<SessionService>().OpenAsync(id, user.Id, [1], "192.0.2.1", "", default);
        return ActorFactory.For(user, id, "192.0.2.1", "");
    }

    private static async Task ChangeAsync(InProcessApp app, Actor actor, Action<User> change)
    {
        await using var db = await OpenAsync(app);
        change(await db.Users.SingleAsync(u => u.Id == actor.UserId));
        await db.SaveChangesAsync();
    }

    private static Task<AppDbContext> OpenAsync(InProcessApp app) => app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();

    private static async Task<HttpStatusCode> AskAsync(HttpClient client, string cookie, string path = AppUrls.Profile, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Cookie", cookie);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
