using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Teams;

public static class TeamsSetup
{
    public static IServiceCollection AddTeams(this IServiceCollection services) =>
        services.AddSingleton<TeamAccess>().AddSingleton<TeamService>();
}
