using System.Net;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Core.Teams;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Harness;

/// <summary>People and teams of an <see cref="InProcessApp"/>, made without their forms.</summary>
internal static class WebWorld
{
    /// <summary>A confirmed account that accepted the terms, with a session.</summary>
    public static async Task<Actor> PersonAsync(this InProcessApp app, string email, string name, PlatformRoles roles = PlatformRoles.User)
    {
        var services = app.Services;
        var user = services.NewUser(email, name);
        user.EmailConfirmed = true;
        user.Roles = roles;
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        db.Users.Add(user);
        Core.Accounts.Terms.TermsService.Accept(db, user, services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Core.Accounts.Terms.TermsOptions>>().Value.Version, "registration", null, TimeProvider.System);
        await db.SaveChangesAsync();
        var session = Ids.New(TimeProvider.System);
        await services.GetRequiredService<SessionService>().OpenAsync(session, user.Id, [1], null, "", default);
        return ActorFactory.For(user, session);
    }

    /// <summary>Puts somebody into a team, past the invitation.</summary>
    public static async Task JoinAsync(this InProcessApp app, Guid team, Actor who, TeamRole role)
    {
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        db.Memberships.Add(new Membership { TeamId = team, UserId = who.UserId, Role = role, JoinedAt = DateTimeOffset.UtcNow });
        await db.SaveChangesAsync();
    }

    /// <summary>A page as its first answer shows it to somebody.</summary>
    public static async Task<(HttpStatusCode Status, string Html)> OpenAsync(this InProcessApp app, Actor who, string path)
    {
        using var client = app.CreateClient(new() { AllowAutoRedirect = false, HandleCookies = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Cookie", await app.Services.SessionCookieAsync(who));
        using var response = await client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
