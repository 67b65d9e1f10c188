using Anycast.Core.Accounts.SignIn;
using Anycast.Web.Accounts;

namespace Anycast.Web.Accounts.SignIn;

/// <summary>The short-lived cookies that bind a sign-in in progress to its browser (C01): set when a code is awaited, gone when it is used or too old.</summary>
internal static class AttemptCookies
{
    public const string SecondFactor = "__Host-anycast.second-factor";
    public const string Passkey = "__Host-anycast.passkey";
    public const string Pin = "__Host-anycast.pin";

    /// <summary>Opens the session, or remembers that this browser waits for the second factor.</summary>
    public static async Task ProceedAsync(this HttpContext context, SignInStep step)
    {
        context.Forget(Pin);
        if (step.SecondFactorSecret is { } secret)
        {
            context.Remember(SecondFactor, secret);
            return;
        }

        context.Forget(SecondFactor);
        await context.SignInAsync(step.User);
    }

    public static void Remember(this HttpContext context, string cookie, string secret)
    {
        var options = Options();
        options.MaxAge = SignInAttempts.Lifetime;
        context.Response.Cookies.Append(cookie, secret, options);
    }

    public static void Forget(this HttpContext context, string cookie)
    {
        if (context.Request.Cookies.ContainsKey(cookie))
        {
            context.Response.Cookies.Delete(cookie, Options());
        }
    }

    // Lax: the code page is opened from a link in the mail.
    private static CookieOptions Options() => new() { HttpOnly = true, IsEssential = true, Secure = true, SameSite = SameSiteMode.Lax, Path = "/" };
}
