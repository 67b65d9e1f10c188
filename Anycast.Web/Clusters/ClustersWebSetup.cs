using Anycast.Web.Clusters.Departures;
using Anycast.Web.Shell.Palette;

namespace Anycast.Web.Clusters;

public static class ClustersWebSetup
{
    /// <summary>What the cluster pages add to the search of <c>Ctrl+K</c>.</summary>
    public static IServiceCollection AddClusterPages(this IServiceCollection services) => services.AddScoped<IPaletteSource, ClusterPaletteSource>();

    /// <summary>Keeps the list of what left the clusters.</summary>
    public static IServiceCollection AddDepartureSweeper(this IServiceCollection services) => services.AddHostedService<DepartureSweeper>();

    public static void MapClusters(this IEndpointRouteBuilder routes) => routes.MapDepartures();
}
