using System.Globalization;
using Anycast.Core.Common;

namespace Anycast.Web.Hosting;

/// <summary>The header <c>Retry-After</c> (RFC 6585) of whatever a limit refuses.</summary>
internal static class RetryAfter
{
    /// <summary>When a limit was reached: when to come back.</summary>
    public static void TellWait(this HttpContext context, Failure failure)
    {
        if (failure.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
    }
}
