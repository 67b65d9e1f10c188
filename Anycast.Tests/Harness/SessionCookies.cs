using System.Security.Claims;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Core.Data;
using Anycast.Web.Accounts;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Anycast.Tests.Harness;

/// <summary>Signs in without a form.</summary>
internal static class SessionCookies
{
    /// <summary>The <c>Cookie</c> header of a new session, as the host itself would have set it just now.</summary>
    public static async Task<string> SessionCookieAsync(this IServiceProvider services, Actor actor)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        var user = await db.Users.AsNoTracking().SingleAsync(u => u.Id == actor.UserId);
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var session = Ids.New(TimeProvider.System);
        var dates = new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = now + AccountsOptions.SessionIdle, IsPersistent = true, AllowRefresh = true };
        var ticket = new AuthenticationTicket(Principal.For(user, session, actor.Ip, actor.Device ?? ""), dates, Principal.Scheme);
        var key = await services.GetRequiredService<SessionService>().OpenAsync(session, user.Id, TicketSerializer.Default.Serialize(ticket), actor.Ip, actor.Device ?? "", default);
        var options = services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Principal.Scheme);
        var holder = new ClaimsPrincipal(new ClaimsIdentity([new Claim("Microsoft.AspNetCore.Authentication.Cookies-SessionId", key)], Principal.Scheme));
        return $"{options.Cookie.Name}={options.TicketDataFormat.Protect(new AuthenticationTicket(holder, null, Principal.Scheme))}";
    }
}
