using System.Security.Claims;
using System.Text.Encodings.Web;
using Anycast.Core.ApiTokens;
using Anycast.Core.Common;
using Anycast.Web.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Anycast.Web.Api;

/// <summary><c>Authorization: Bearer anycast_…</c>, in the header alone: a token in an address would stand in logs (T21).</summary>
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiTokenService tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "ApiToken";
    public const string ActorItem = "anycast.api-actor";
    private static readonly Failure s_missing = new(FailureKind.Forbidden, "token_missing");
    private static readonly Failure s_inAddress = new(FailureKind.Invalid, "token_in_address");

    private Failure _failure = s_missing;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Query.Any(q => q.Key is "token" or "access_token" or "api_key" || q.Value.Any(v => v?.Contains(TokenFormat.Prefix, StringComparison.Ordinal) == true)))
        {
            _failure = s_inAddress;
            return AuthenticateResult.Fail(_failure.Code);
        }

        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var found = await tokens.AuthenticateAsync(header["Bearer ".Length..].Trim(), Context.ClientIp(), Context.ClientDevice(), Context.RequestAborted);
        if (!found.IsOk)
        {
            _failure = found.Failure;
            return AuthenticateResult.Fail(_failure.Code);
        }

        Context.Items[ActorItem] = found.Value;
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, found.Value.UserId.ToString("N"))], Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = $"Bearer error=\"{_failure.Code}\"";
        var status = _failure.Kind switch
        {
            FailureKind.Invalid => StatusCodes.Status400BadRequest,
            FailureKind.TooMany => StatusCodes.Status429TooManyRequests,
            _ => StatusCodes.Status401Unauthorized,
        };
        return ApiProblem.WriteAsync(Context, _failure, status);
    }
}
