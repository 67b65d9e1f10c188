using Anycast.Core.Common;
using Anycast.Web.Hosting;

namespace Anycast.Web.Api;

/// <summary>Failures of Core as RFC 9457 problems: the status says the class, <c>code</c> the exact one.</summary>
internal static class ApiProblem
{
    public static IResult Of(Failure failure) => new Result(failure, StatusOf(failure.Kind));

    /// <summary>Writes a problem where no endpoint answers.</summary>
    public static Task WriteAsync(HttpContext context, Failure failure, int status) => new Result(failure, status).ExecuteAsync(context);

    private static int StatusOf(FailureKind kind) => kind switch
    {
        FailureKind.NotFound => StatusCodes.Status404NotFound,
        FailureKind.Forbidden => StatusCodes.Status403Forbidden,
        FailureKind.Invalid => StatusCodes.Status422UnprocessableEntity,
        FailureKind.Conflict => StatusCodes.Status409Conflict,
        FailureKind.TooMany => StatusCodes.Status429TooManyRequests,
        FailureKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        FailureKind.Expired => StatusCodes.Status410Gone,
        _ => StatusCodes.Status500InternalServerError,
    };

    private sealed class Result(Failure failure, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.TellWait(failure);
            var text = httpContext.RequestServices.GetRequiredService<Shell.Parts.FailureTexts>().Of(failure);
            return Results.Problem(detail: text, statusCode: status, extensions: new Dictionary<string, object?> { ["code"] = failure.Code }).ExecuteAsync(httpContext);
        }
    }
}
