using Anycast.Web.Shell.Palette;

namespace Anycast.Web.Clusters;

public static class ClustersWebSetup
{
    /// <summary>What the cluster pages add to the search of <c>Ctrl+K</c>.</summary>
    public static IServiceCollection AddClusterPages(this IServiceCollection services) => services.AddScoped<IPaletteSource, ClusterPaletteSource>();
}
