using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Activity;

public static class ActivitySetup
{
    public static IServiceCollection AddActivity(this IServiceCollection services) => services.AddSingleton<ActivityLog>();
}
