using Anycast.Core.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Harness;

/// <summary>Accounts as registration would make them, for tests that need one and not its registration.</summary>
internal static class TestUsers
{
    /// <summary>An account with <see cref="CoreHost.Password"/>, not stored yet.</summary>
    public static User NewUser(this IServiceProvider services, string email, string name)
    {
        var user = services.GetRequiredService<AccountService>().NewUser(email, name, "en", "registration");
        user.PasswordHash = services.GetRequiredService<PasswordHasher>().HashPassword(user, CoreHost.Password);
        return user;
    }
}
