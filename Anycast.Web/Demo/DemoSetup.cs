using Anycast.Core.Data;

namespace Anycast.Web.Demo;

public static class DemoSetup
{
    /// <summary>The demo host, where the demo is on.</summary>
    public static IServiceCollection AddDemo(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(DemoOptions.Section).Get<DemoOptions>() ?? new DemoOptions();
        var data = configuration.GetSection(DataOptions.Section).Get<DataOptions>() ?? new DataOptions();
        options.Enabled ??= !data.UsesPostgres;
        services.AddSingleton(options);
        services.AddSingleton<DemoTeam>();
        if (options.Enabled == true)
        {
            services.AddHostedService<DemoHost>();
        }

        return services;
    }
}
