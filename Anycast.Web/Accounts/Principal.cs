using System.Globalization;
using System.Security.Claims;
using Anycast.Core.Accounts;
using Anycast.Core.Common;

namespace Anycast.Web.Accounts;

/// <summary>The claims of a session, and the actor they stand for.</summary>
public static class Principal
{
    public const string Scheme = "Anycast";

    /// <summary>Writes the cookie of <see cref="Scheme"/> with a new key, whatever cookie the request came with; only <see cref="SignInSession"/> uses it.</summary>
    public const string NewKeyScheme = "Anycast.NewKey";

    private const string SessionClaim = "anycast:session";
    private const string RolesClaim = "anycast:roles";
    private const string IpClaim = "anycast:ip";
    private const string DeviceClaim = "anycast:device";

    /// <summary>The principal of a new session.</summary>
    public static ClaimsPrincipal For(User user, Guid sessionId, string? ip, string device) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.NameIdentifier, user.Id.ToString("N")),
            new Claim(ClaimTypes.Name, user.Name),
            new Claim(ClaimTypes.Email, user.Email ?? ""),
            new Claim(SessionClaim, sessionId.ToString("N")),
            new Claim(RolesClaim, ((int)user.Roles).ToString(CultureInfo.InvariantCulture)),
            new Claim(IpClaim, ip ?? ""),
            new Claim(DeviceClaim, device),
        ],
        Scheme));

    public static Guid? UserId(this ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : null;

    public static Guid? SessionId(this ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue(SessionClaim), out var id) ? id : null;

    /// <summary>Who acts, for Core.</summary>
    public static Actor ToActor(this ClaimsPrincipal principal)
    {
        if (principal.Identity?.IsAuthenticated != true || principal.UserId() is not { } userId)
        {
            return Actor.Anonymous;
        }

        _ = int.TryParse(principal.FindFirstValue(RolesClaim), CultureInfo.InvariantCulture, out var roles);
        return new Actor
        {
            Kind = ActorKind.User,
            UserId = userId,
            Name = principal.FindFirstValue(ClaimTypes.Name) ?? "",
            Email = principal.FindFirstValue(ClaimTypes.Email) ?? "",
            Roles = (PlatformRoles)roles,
            SessionId = principal.SessionId(),
            Ip = principal.FindFirstValue(IpClaim) is { Length: > 0 } ip ? ip : null,
            Device = principal.FindFirstValue(DeviceClaim),
        };
    }
}
