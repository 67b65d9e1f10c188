using System.Net;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Web.Shell;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Shell;

/// <summary>Who is in a team that is closed to them is told why and what to do, is offered none of its pages, and is not led in a circle.</summary>
public sealed class ClosedTeamTests
{
    [Theory]
    [InlineData(TeamDoor.Blocked)]
    [InlineData(TeamDoor.SecondFactorNeeded)]
    public async Task Member_OfOnlyAClosedTeam_FindsTheReasonAndTheWayOut(TeamDoor why)
    {
        await using var app = new InProcessApp();
        var owner = await app.PersonAsync("ada@example.org", "Ada");
        var teams = app.Services.GetRequiredService<TeamService>();
        var team = (await teams.CreateAsync(owner, "Shop", default)).Value!;
        var karl = await app.PersonAsync("karl@example.org", "Karl");
        await app.JoinAsync(team.Id, karl, TeamRole.Admin);
        Assert.Equal(AppUrls.Team(team.Slug), await HomeAsync(app, karl));

        await CloseAsync(app, team.Id, why);
        var (status, html) = await app.OpenAsync(karl, AppUrls.Members(team.Slug));
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("Leave this team", html);
        Assert.Equal(why == TeamDoor.SecondFactorNeeded, html.Contains("Turn on two-factor authentication", StringComparison.Ordinal));
        foreach (var page in new[] { AppUrls.Team(team.Slug), AppUrls.Chat(team.Slug), AppUrls.Proposals(team.Slug), AppUrls.Activity(team.Slug), AppUrls.Members(team.Slug), AppUrls.TeamSettings(team.Slug) })
        {
            Assert.DoesNotContain($"href=\"{page}\"", html);
        }

        // The start leads to a page that says why, which is open, and from there to what can be done.
        Assert.Equal(AppUrls.MyTeams, await HomeAsync(app, karl));
        (status, html) = await app.OpenAsync(karl, AppUrls.MyTeams);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("None of your teams is open to you", html);
        Assert.Contains($"href=\"{AppUrls.Security}\"", html);
        Assert.Contains(">Leave</button>", html);
        Assert.DoesNotContain($"href=\"{AppUrls.Team(team.Slug)}", html);

        // With a team that is open besides, that one is the start, though the closed one comes first by name.
        var own = (await teams.CreateAsync(karl, "Workshop", default)).Value!;
        Assert.Equal(AppUrls.Team(own.Slug), await HomeAsync(app, karl));
        (_, html) = await app.OpenAsync(karl, AppUrls.MyTeams);
        Assert.DoesNotContain("None of your teams is open to you", html);
        Assert.Contains($"href=\"{AppUrls.Members(own.Slug)}\"", html);
    }

    private static async Task CloseAsync(InProcessApp app, Guid team, TeamDoor why)
    {
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        var now = DateTimeOffset.UtcNow;
        DateTimeOffset? blocked = why == TeamDoor.Blocked ? now : null;
        await db.Teams.Where(t => t.Id == team).ExecuteUpdateAsync(s => s.SetProperty(t => t.BlockedAt, blocked).SetProperty(t => t.RequiresSecondFactor, why == TeamDoor.SecondFactorNeeded));
    }

    /// <summary>Where the start leads.</summary>
    private static async Task<string> HomeAsync(InProcessApp app, Actor who)
    {
        using var client = app.CreateClient(new() { AllowAutoRedirect = false, HandleCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, AppUrls.Home);
        request.Headers.Add("Cookie", await app.Services.SessionCookieAsync(who));
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        return new Uri(new Uri("https://localhost"), response.Headers.Location!).AbsolutePath;
    }
}
