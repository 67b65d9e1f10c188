using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Usage;

/// <summary>The feature's door.</summary>
public static class UsageSetup
{
    public static IServiceCollection AddUsage(this IServiceCollection services) => services.AddSingleton<UsageMeter>();
}
