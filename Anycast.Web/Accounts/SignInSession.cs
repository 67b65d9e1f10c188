using System.Security.Claims;
using Anycast.Core.Accounts;
using Anycast.Core.Common;
using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Authentication;

namespace Anycast.Web.Accounts;

/// <summary>Opens and ends the browser's session. Only from a request that can set cookies: a static page or an endpoint.</summary>
public static class SignInSession
{
    /// <summary>Opens a new session with a new key; one that the browser held before ends (no fixation, T20).</summary>
    public static async Task SignInAsync(this HttpContext context, User user)
    {
        await context.SignOutAsync(Principal.Scheme);
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var principal = Principal.For(user, Ids.New(clock), context.ClientIp(), context.ClientDevice());
        await context.WriteAsync(principal);
    }

    /// <summary>After a fresh proof: the session goes on under a new key, and what a thief may have copied is void (T20). Open circuits go on.</summary>
    public static async Task RekeySessionAsync(this HttpContext context)
    {
        var principal = context.User;
        context.Items[DatabaseTicketStore.RekeyItem] = true;
        await context.SignOutAsync(Principal.Scheme);
        await context.WriteAsync(principal);
    }

    /// <summary>Ends the session; its row is deleted.</summary>
    public static Task SignOutSessionAsync(this HttpContext context) => context.SignOutAsync(Principal.Scheme);

    private static Task WriteAsync(this HttpContext context, ClaimsPrincipal principal) =>
        context.SignInAsync(Principal.NewKeyScheme, principal, new AuthenticationProperties { IsPersistent = true, AllowRefresh = true });
}
