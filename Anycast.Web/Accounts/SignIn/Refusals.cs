using Anycast.Core.Common;
using Anycast.Web.Hosting;

namespace Anycast.Web.Accounts.SignIn;

/// <summary>The status of a form that was refused; the sentence stands on the page, with what was typed.</summary>
internal static class Refusals
{
    /// <summary>429 with <c>Retry-After</c> (RFC 6585) when a limit is reached, else 422.</summary>
    public static void Refuse(this HttpContext context, Failure failure)
    {
        context.Response.StatusCode = StatusOf(failure);
        context.TellWait(failure);
    }

    private static int StatusOf(Failure failure) => failure.Kind == FailureKind.TooMany ? StatusCodes.Status429TooManyRequests : StatusCodes.Status422UnprocessableEntity;
}
