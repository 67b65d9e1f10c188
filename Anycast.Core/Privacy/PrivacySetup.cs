using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Privacy;

public static class PrivacySetup
{
    public static IServiceCollection AddPrivacy(this IServiceCollection services) => services.AddSingleton<TeamDeletion>();
}
