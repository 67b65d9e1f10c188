using Anycast.Core.Clusters.Cache;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Clusters.Links;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Core.Clusters;

public static class ClustersSetup
{
    public static IServiceCollection AddClusters(this IServiceCollection services) => services
        .AddSingleton<ClusterLinks>()
        .AddSingleton<ClusterCaches>()
        .AddSingleton<ClusterAccess>()
        .AddSingleton<ClusterService>()
        .AddSingleton<DepartureLog>()
        .AddSingleton<DepartureService>()
        .AddSingleton<WatchLedger>()
        .AddSingleton<ClusterGateway>();
}
