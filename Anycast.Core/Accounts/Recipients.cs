using Anycast.Core.Notifications;

namespace Anycast.Core.Accounts;

/// <summary>Makes the <see cref="Recipient"/> of an account.</summary>
public static class Recipients
{
    public static Recipient For(User user) => new(user.Id, user.Email ?? "", user.Name, user.Language);
}
