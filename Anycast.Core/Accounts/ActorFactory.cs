using Anycast.Core.Common;

namespace Anycast.Core.Accounts;

/// <summary>Makes the <see cref="Actor"/> of an account.</summary>
public static class ActorFactory
{
    public static Actor For(User user, Guid? sessionId = null, string? ip = null, string? device = null) => new()
    {
        Kind = ActorKind.User,
        UserId = user.Id,
        Name = user.Name,
        Email = user.Email ?? "",
        Roles = user.Roles,
        SessionId = sessionId,
        Ip = ip,
        Device = device,
    };
}
