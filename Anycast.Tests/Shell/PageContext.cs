using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Tests.Harness;
using Anycast.Web.Accounts;
using Anycast.Web.Shell;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;

namespace Anycast.Tests.Shell;

/// <summary>A bUnit context with the services of the product behind it, for one person who is signed in: a page with its real data, without a browser.</summary>
internal static class PageContext
{
    public static async Task<PartContext> OpenAsync(InProcessApp app, Actor who)
    {
        var context = new PartContext();
        await using var db = await app.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        var user = await db.Users.AsNoTracking().SingleAsync(u => u.Id == who.UserId);
        context.Services.AddSingleton<TimeProvider>(TimeProvider.System);
        context.Services.AddSingleton<AuthenticationStateProvider>(new SignedIn(user, who.SessionId!.Value));
        context.Services.AddScoped<CurrentActor>();
        context.Services.AddScoped(own => new PageLinks(app.Services.GetRequiredService<Web.Hosting.LinkRoot>(), own.GetRequiredService<NavigationManager>()));
        context.Services.AddScoped<Anycast.Web.Accounts.StepUp.StepUps>();
        context.Services.AddMudServices();
        context.Services.AddFallbackServiceProvider(app.Services.CreateScope().ServiceProvider); // Ends with the application.
        return context;
    }

    private sealed class SignedIn(User user, Guid session) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(Principal.For(user, session, null, "")));
    }
}
