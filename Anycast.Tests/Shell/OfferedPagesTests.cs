using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;
using Anycast.Web.Shell.Palette;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Shell;

/// <summary>The frame offers the pages that a person may open, and no other: what is offered to each role is opened as that role.</summary>
public sealed class OfferedPagesTests
{
    [Theory]
    [InlineData(TeamRole.Viewer, false, false)]
    [InlineData(TeamRole.Member, true, false)]
    [InlineData(TeamRole.Admin, true, true)]
    public async Task Frame_ForARole_OffersWhatTheRoleMayOpen(TeamRole role, bool activity, bool connect)
    {
        await using var app = new InProcessApp();
        var owner = await app.PersonAsync("ada@example.org", "Ada");
        var team = (await app.Services.GetRequiredService<TeamService>().CreateAsync(owner, "Shop", default)).Value!;
        var person = await app.PersonAsync("vera@example.org", "Vera");
        await app.JoinAsync(team.Id, person, role);

        var (_, html) = await app.OpenAsync(person, AppUrls.Members(team.Slug));
        Assert.Equal(activity ? 2 : 0, Count(html, $"href=\"{AppUrls.Activity(team.Slug)}\"")); // The rail's and the phone's.
        var offered = await PaletteAsync(app, person, team.Slug);
        Assert.Equal(activity, offered.Contains(AppUrls.Activity(team.Slug)));
        Assert.Equal(connect, offered.Contains(AppUrls.ConnectCluster(team.Slug)));
        foreach (var path in offered.Where(p => p.StartsWith("/t/", StringComparison.Ordinal)))
        {
            Assert.Equal((path, System.Net.HttpStatusCode.OK), (path, (await app.OpenAsync(person, path)).Status));
        }
    }

    private static int Count(string html, string part) => html.Split(part).Length - 1;

    private static async Task<IReadOnlyList<string>> PaletteAsync(InProcessApp app, Actor person, string team)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        await using var db = await services.GetRequiredService<IDbContextFactory<Core.Data.AppDbContext>>().CreateDbContextAsync();
        var user = await db.Users.SingleAsync(u => u.Id == person.UserId);
        var shell = ActivatorUtilities.CreateInstance<ShellState>(services, new CurrentActor(new SignedIn(user)));
        await shell.RefreshAsync(default);
        var source = ActivatorUtilities.CreateInstance<PagesPaletteSource>(services, new Somewhere(AppUrls.Team(team)), shell);
        return [.. (await source.SearchAsync(person, "", default)).Select(e => e.Href)];
    }

    private sealed class SignedIn(User user) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(Principal.For(user, Guid.NewGuid(), null, "")));
    }

    private sealed class Somewhere : NavigationManager
    {
        public Somewhere(string path) => Initialize("https://localhost/", "https://localhost" + path);
    }
}
