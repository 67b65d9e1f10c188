using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.ApiTokens;

public static class ApiTokensSetup
{
    public static IServiceCollection AddApiTokens(this IServiceCollection services) =>
        services.AddSingleton<ApiTokenService>().AddSingleton<ApiTokenJob>();
}
