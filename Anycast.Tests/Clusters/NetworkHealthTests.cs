using System.Collections.Concurrent;
using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Rows;

namespace Anycast.Tests.Clusters;

/// <summary>How Services and Ingresses are doing stands in their rows, and follows endpoints, Services and workloads as they change.</summary>
public sealed class NetworkHealthTests
{
    private readonly ClusterCache _cache = new(Guid.NewGuid(), TimeProvider.System);

    [Theory]
    [InlineData(2, 3, Health.Healthy, "")]
    [InlineData(0, 2, Health.Failing, "NoneReady")]
    [InlineData(0, 0, Health.Failing, "NoEndpoints")]
    public void Service_ByItsEndpoints_WhicheverCameFirst(int ready, int endpoints, Health health, string status)
    {
        Put(Service("a"), Slice("a-1", "a", ready, endpoints));
        Assert.Equal((Health.Unknown, ""), Of("Service", "a")); // Not all slices were read yet.
        Sync();
        Assert.Equal((health, status), Of("Service", "a"));

        Put(Slice("b-1", "b", ready, endpoints), Service("b"));
        Assert.Equal((health, status), Of("Service", "b"));
    }

    [Fact]
    public void Service_OverItsLife_FollowsItsSlices()
    {
        Sync();
        Put(Service("a"));
        Assert.Equal((Health.Unknown, ""), Of("Service", "a"));
        Put(Slice("a-1", "a", 0, 2));
        Put(Slice("a-2", "a", 1, 1));
        Assert.Equal((Health.Healthy, ""), Of("Service", "a"));
        Put(Slice("a-2", "a", 0, 1));
        Assert.Equal((Health.Failing, "NoneReady"), Of("Service", "a"));
        Put(Slice("a-2", "a", 1, 1), Service("a", ports: "81/TCP"));
        Assert.Equal((Health.Healthy, ""), Of("Service", "a"));

        // Gone one by one, handed over to another, and gone with a list that begins anew.
        Delete("EndpointSlice/shop/a-2");
        Assert.Equal((Health.Failing, "NoneReady"), Of("Service", "a"));
        Put(Service("b"), Slice("a-1", "b", 2, 2));
        Assert.Equal(((Health.Unknown, ""), (Health.Healthy, "")), (Of("Service", "a"), Of("Service", "b")));
        _cache.Apply(null, "EndpointSlice", new RowChange(RowChangeType.Reset));
        Put(Slice("a-3", "a", 0, 0));
        Sync();
        Assert.Equal(((Health.Failing, "NoEndpoints"), (Health.Unknown, "")), (Of("Service", "a"), Of("Service", "b")));

        // The cluster does not say any more: nothing is claimed.
        _cache.Apply(null, "EndpointSlice", new RowChange(RowChangeType.Error, Error: "Forbidden"));
        Assert.Equal((Health.Unknown, ""), Of("Service", "a"));
    }

    [Fact]
    public void Service_OfAWorkloadScaledToZeroOrRollingOut_IsNoFailure()
    {
        Sync();
        Put(Workload("a", desired: 0, Health.Healthy), Service("a"), Slice("a-1", "a", 0, 0));
        Assert.Equal((Health.Warning, "ScaledToZero"), Of("Service", "a"));
        Put(Workload("a", desired: 2, Health.Progressing));
        Assert.Equal((Health.Progressing, "NoEndpoints"), Of("Service", "a"));
        Put(Workload("a", desired: 2, Health.Failing), Slice("a-1", "a", 0, 2));
        Assert.Equal((Health.Failing, "NoneReady"), Of("Service", "a"));
        Delete("Deployment/shop/a");
        Assert.Equal((Health.Failing, "NoneReady"), Of("Service", "a"));
    }

    [Fact]
    public void Service_ThatTheAgentSaysSomethingOf_KeepsIt()
    {
        Sync();
        Put(Service("pending") with { Status = "Pending", Health = Health.Progressing }, Slice("pending-1", "pending", 1, 1));
        Assert.Equal((Health.Progressing, "Pending"), Of("Service", "pending"));
        Put(Slice("pending-1", "pending", 0, 1));
        Assert.Equal((Health.Failing, "Pending"), Of("Service", "pending"));
        Put(Slice("pending-1", "pending", 1, 1));
        Assert.Equal((Health.Progressing, "Pending"), Of("Service", "pending"));
        Put(Service("out") with { Type = "ExternalName" }, Slice("out-1", "out", 0, 0));
        Assert.Equal((Health.Unknown, ""), Of("Service", "out"));
        Put(Service("going") with { Status = "Terminating", Health = Health.Progressing }, Slice("going-1", "going", 0, 0));
        Assert.Equal((Health.Progressing, "Terminating"), Of("Service", "going"));
    }

    [Fact]
    public void Ingress_OverItsLife_FollowsTheServicesItNames()
    {
        Put(Ingress("i", "a:80,b:http"), Service("a"), Slice("a-1", "a", 1, 1), Slice("b-1", "b", 1, 1));
        Assert.Equal((Health.Unknown, ""), Of("Ingress", "i")); // Not all Services were read yet.
        Sync();
        Assert.Equal((Health.Failing, "BackendMissing"), Of("Ingress", "i"));
        Put(Service("b"));
        Assert.Equal((Health.Healthy, ""), Of("Ingress", "i"));
        Put(Service("a", ports: "8080:30000/TCP"));
        Assert.Equal((Health.Failing, "PortMissing"), Of("Ingress", "i"));
        Put(Service("a", ports: "443/TCP,80:30001/TCP"));
        Assert.Equal((Health.Healthy, ""), Of("Ingress", "i"));
        Put(Slice("a-1", "a", 0, 1));
        Assert.Equal((Health.Warning, "BackendNotReady"), Of("Ingress", "i"));
        Put(Slice("b-1", "b", 0, 1));
        Assert.Equal((Health.Failing, "BackendNotReady"), Of("Ingress", "i"));
        Put(Slice("a-1", "a", 1, 1), Slice("b-1", "b", 1, 1));
        Assert.Equal((Health.Healthy, ""), Of("Ingress", "i"));
        Delete("Service/shop/a");
        Assert.Equal((Health.Failing, "BackendMissing"), Of("Ingress", "i"));

        // It names another now, and what it named before does not concern it any more.
        Put(Ingress("i", "b"));
        Assert.Equal((Health.Healthy, ""), Of("Ingress", "i"));
        Put(Slice("a-1", "a", 0, 1));
        Assert.Equal((Health.Healthy, ""), Of("Ingress", "i"));
        Put(Ingress("i", "b") with { Health = Health.Unknown });
        Assert.Equal((Health.Unknown, ""), Of("Ingress", "i")); // No controller gave it an address: nothing is said for it.
    }

    [Fact]
    public async Task Changes_OfEndpoints_TellThoseWhoLookAtServicesAndCountThem()
    {
        Sync();
        Put(Service("a"), Service("b"), Ingress("i", "a"), Slice("a-1", "a", 1, 1), Slice("b-1", "b", 1, 1));
        var seen = new ConcurrentQueue<ClusterChange>();
        using var subscription = _cache.Subscribe(seen.Enqueue);
        Put(Slice("a-1", "a", 0, 1));
        await Eventually.TrueAsync(() => seen.Any(c => c.Touches("Service")) && seen.Any(c => c.Touches("Ingress")), "who looks at them is told");
        Assert.Equal(new HealthCounts(2, 0, 0, 1, 0), _cache.Count(ClusterScope.All, ["Service", "Ingress"]));
        Assert.Equal(["a", "i", "b"], _cache.Query(ClusterScope.All, RowQuery.Of("Service", "Ingress"), 0, 10).Items.Select(r => r.Name));
        Assert.Equal(["a"], _cache.Query(ClusterScope.All, RowQuery.Of("Service") with { Health = Health.Failing }, 0, 10).Items.Select(r => r.Name));
    }

    [Fact]
    public async Task Rows_OfARealClusterThroughTheAgent_SayWhatIsBrokenAndThatItWasMended()
    {
        await using var world = await ConnectedCluster.StartAsync(speed: 20);
        await world.RowAsync<ServiceRow>("Service", "shop", "search", s => s is { Health: Health.Failing, Status: "NoEndpoints" }, "a Service whose selector matches nothing fails");
        await world.RowAsync<ServiceRow>("Service", "shop", "catalog", s => s.Health == Health.Healthy, "one that leads somewhere is healthy");
        await world.RowAsync<IngressRow>("Ingress", "payments", "payments-public", i => i is { Health: Health.Failing, Status: "BackendMissing" }, "an Ingress whose Service is not there fails");
        await world.RowAsync<IngressRow>("Ingress", "shop", "shop", i => i is { Health: Health.Warning, Status: "BackendNotReady" }, "one of whose Services one leads nowhere works in part");

        Assert.True(world.Sandbox.Store.Change("Service", "shop", "search", s => s["spec"]!["selector"]!["app"] = "search"));
        await world.RowAsync<ServiceRow>("Service", "shop", "search", s => s.Health == Health.Healthy, "the mended Service is healthy");
        await world.RowAsync<IngressRow>("Ingress", "shop", "shop", i => i.Status != "BackendNotReady", "and the Ingress with it");
    }

    private (Health, string) Of(string kind, string name) => _cache.Find(ClusterScope.All, kind, "shop", name) is { } row ? (row.Health, row.Status) : default;

    private void Put(params ResourceRow[] rows)
    {
        foreach (var row in rows)
        {
            _cache.Apply(null, row.Kind, new RowChange(RowChangeType.Upsert, row));
        }
    }

    private void Delete(string key) => _cache.Apply(null, key.Split('/')[0], new RowChange(RowChangeType.Delete, Key: key));

    private void Sync()
    {
        foreach (var kind in new[] { "Service", "EndpointSlice", "Ingress" })
        {
            _cache.Apply(null, kind, new RowChange(RowChangeType.Synced));
        }
    }

    private static ServiceRow Service(string name, string ports = "80/TCP") => new() { Kind = "Service", Namespace = "shop", Name = name, Uid = "s-" + name, Type = "ClusterIP", Ports = ports };

    private static EndpointSliceRow Slice(string name, string service, int ready, int endpoints) =>
        new() { Kind = "EndpointSlice", Namespace = "shop", Name = name, Uid = "e-" + name, OwnerKind = "Service", OwnerName = service, Ready = ready, Endpoints = endpoints };

    private static IngressRow Ingress(string name, string backends) => new() { Kind = "Ingress", Namespace = "shop", Name = name, Uid = "i-" + name, Backends = backends, Health = Health.Healthy };

    private static WorkloadRow Workload(string name, int desired, Health health) => new() { Kind = "Deployment", Namespace = "shop", Name = name, Uid = "d-" + name, Desired = desired, Health = health };
}
