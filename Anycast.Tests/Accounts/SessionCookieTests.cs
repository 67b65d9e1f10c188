using System.Net;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Accounts;

/// <summary>The browser's cookie lives as long as the session it stands for, and no longer.</summary>
public sealed class SessionCookieTests
{
    private static readonly Dictionary<string, string?> s_settings = new()
    {
        ["Anycast:Setup:OperatorEmail"] = "ada@example.org",
        ["Anycast:Setup:OperatorPassword"] = CoreHost.Password,
    };

    [Fact]
    [PolicyClause("S04")]
    public async Task Visits_FartherApartThanHalfTheTime_KeepTheSession()
    {
        var clock = new ShiftedClock();
        using var app = new InProcessApp(s_settings, clock);
        using var client = Client(app);
        var cookie = await app.Services.SessionCookieAsync(await AdaAsync(app));

        // The framework alone renews past the half: a visit on day 29 would not count, and day 61 be too late though it is 32 days later.
        clock.Advance(TimeSpan.FromDays(29));
        using (var visit = await AskAsync(client, cookie))
        {
            Assert.Equal(HttpStatusCode.OK, visit.StatusCode);
            var renewed = Assert.Single(visit.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-anycast.session=", StringComparison.Ordinal));
            var expires = DateTimeOffset.Parse(renewed.Split("expires=")[1].Split(';')[0], System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(expires - clock.GetUtcNow(), TimeSpan.FromDays(60) - TimeSpan.FromMinutes(1), TimeSpan.FromDays(60));
        }

        clock.Advance(TimeSpan.FromDays(32));
        using (var visit = await AskAsync(client, cookie))
        {
            Assert.Equal(HttpStatusCode.OK, visit.StatusCode);
        }

        clock.Advance(TimeSpan.FromDays(60));
        using var late = await AskAsync(client, cookie);
        Assert.Equal(HttpStatusCode.Redirect, late.StatusCode);
        Assert.Contains(AppUrls.LoginPath, late.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    [PolicyClause("S04")]
    public async Task Circuit_UsedForMonthsWithoutAPageLoad_KeepsTheCookieGood()
    {
        var clock = new ShiftedClock();
        using var app = new InProcessApp(s_settings, clock);
        using var client = Client(app);
        var ada = await AdaAsync(app);
        var cookie = await app.Services.SessionCookieAsync(ada);
        var session = (await app.Services.GetRequiredService<SessionService>().ListAsync(ada, default)).Single().Id;
        for (var i = 0; i < 3; i++)
        {
            clock.Advance(TimeSpan.FromDays(50));
            Assert.True(await app.Services.GetRequiredService<SessionService>().TouchAsync(session, default)); // what a click in a circuit does
        }

        using var visit = await AskAsync(client, cookie);
        Assert.Equal(HttpStatusCode.OK, visit.StatusCode);
    }

    [Fact]
    [PolicyClause("S04")]
    public async Task KeepAlive_OfAnOpenPage_RenewsTheCookieAndIsNoActivity()
    {
        var clock = new ShiftedClock();
        using var app = new InProcessApp(s_settings, clock);
        using var client = Client(app);
        var cookie = await app.Services.SessionCookieAsync(await AdaAsync(app));
        clock.Advance(TimeSpan.FromDays(59));
        using (var kept = await AskAsync(client, cookie, AppUrls.KeepAlive, HttpMethod.Post))
        {
            Assert.Equal(HttpStatusCode.NoContent, kept.StatusCode);
            Assert.Contains(kept.Headers.GetValues("Set-Cookie"), c => c.StartsWith("__Host-anycast.session=", StringComparison.Ordinal));
        }

        clock.Advance(TimeSpan.FromDays(1));
        using var late = await AskAsync(client, cookie);
        Assert.Equal(HttpStatusCode.Redirect, late.StatusCode);
        using var gone = await AskAsync(client, cookie, AppUrls.KeepAlive, HttpMethod.Post);
        Assert.NotEqual(HttpStatusCode.NoContent, gone.StatusCode);
    }

    private static HttpClient Client(InProcessApp app) => app.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, HandleCookies = false, BaseAddress = new Uri("https://localhost") });

    private static async Task<Actor> AdaAsync(InProcessApp app)
    {
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        return ActorFactory.For(await db.Users.AsNoTracking().SingleAsync());
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string cookie, string path = AppUrls.Profile, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        request.Headers.Add("Cookie", cookie);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
