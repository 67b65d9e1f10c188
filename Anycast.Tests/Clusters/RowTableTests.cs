using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Cache;
using Anycast.Tunnel.Rows;

namespace Anycast.Tests.Clusters;

/// <summary>How a stream's lines become rows, and how rows are asked for.</summary>
public sealed class RowTableTests
{
    private static readonly RowChange s_reset = new(RowChangeType.Reset);
    private static readonly RowChange s_synced = new(RowChangeType.Synced);

    [Fact]
    public void Reset_UntilTheNewListIsComplete_KeepsTheOldRows()
    {
        var cache = Filled(Pod("a"), Pod("b"));
        cache.Apply(null, "Pod", s_reset);
        Assert.Equal(2, Total(cache));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, Pod("b")));
        cache.Apply(null, "Pod", s_synced);
        Assert.Equal(1, Total(cache));
        Assert.Equal(RowTableState.Live, cache.State("Pod"));
    }

    [Fact]
    public void Error_FromTheCluster_MarksTheKindAsRefused()
    {
        var cache = Filled(Pod("a"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Error, Error: "Forbidden"));
        Assert.Equal("Forbidden", cache.Refusal("Pod"));
        cache.Apply(null, "Pod", s_synced);
        Assert.Null(cache.Refusal("Pod"));
    }

    [Theory]
    [InlineData("Unavailable")]
    [InlineData("TooManyRequests")]
    [InlineData("Expired")]
    public void Error_ThatIsNoRefusal_MarksTheKindAsSilentUntilItIsWholeAgain(string code)
    {
        var cache = Filled(Pod("a"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Error, Error: code));
        Assert.Equal(RowTableState.Silent, cache.State("Pod"));
        Assert.Null(cache.Refusal("Pod"));
        var since = cache.SilentSince("Pod");
        Assert.NotNull(since);

        // A list that begins and breaks off is no answer, and the first failure stays the time.
        cache.Apply(null, "Pod", s_reset);
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, Pod("b")));
        Assert.Equal(RowTableState.Silent, cache.State("Pod"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Error, Error: code));
        Assert.Equal(since, cache.SilentSince("Pod"));
        Assert.Equal(2, Total(cache));

        cache.Apply(null, "Pod", s_reset);
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, Pod("b")));
        cache.Apply(null, "Pod", s_synced);
        Assert.Equal((RowTableState.Live, 1), (cache.State("Pod"), Total(cache)));
        Assert.Null(cache.SilentSince("Pod"));
    }

    [Fact]
    public void Row_OfAWatchThatGoesOn_EndsTheSilence()
    {
        var cache = Filled(Pod("a"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Error, Error: "Unavailable"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, Pod("a")));
        Assert.Equal(RowTableState.Live, cache.State("Pod"));
    }

    [Fact]
    public void Refusal_AfterASilence_IsARefusal()
    {
        var cache = Filled(Pod("a"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Error, Error: "Unavailable"));
        cache.Apply(null, "Pod", new RowChange(RowChangeType.Error, Error: "Forbidden"));
        Assert.Equal((RowTableState.Refused, "Forbidden"), (cache.State("Pod"), cache.Refusal("Pod")));
        Assert.Null(cache.SilentSince("Pod"));
    }

    [Fact]
    public void Query_BySearchHealthAndNamespace_FiltersSortsAndCounts()
    {
        var cache = Filled(Pod("web-1"), Pod("web-2", Health.Failing), Pod("db-1", Health.Warning, "data"), Pod("web-3", ns: "data"));
        Assert.Equal(["web-2", "db-1", "web-3", "web-1"], Names(cache, RowQuery.Of("Pod")));
        Assert.Equal(["web-2"], Names(cache, RowQuery.Of("Pod") with { Search = "WEB", Health = Health.Failing }));
        Assert.Equal(["db-1", "web-3"], Names(cache, RowQuery.Of("Pod") with { Namespace = "data" }));
        Assert.Equal(["web-3", "web-2", "web-1", "db-1"], Names(cache, RowQuery.Of("Pod") with { Sort = RowSort.Name, Descending = true }));
        var slice = cache.Query(ClusterScope.All, RowQuery.Of("Pod") with { Search = "web", Sort = RowSort.Name, Descending = false }, 1, 1);
        Assert.Equal(("web-2", 3, 4), (slice.Items.Single().Name, slice.Total, slice.Unfiltered));
        Assert.Equal(new HealthCounts(1, 1, 0, 2, 0), cache.Count(ClusterScope.All, ["Pod"]));
    }

    [Fact]
    public void EveryRead_WithANarrowScope_ShowsOnlyItsNamespaces()
    {
        var cache = Filled(Pod("a", ns: "shop"), Pod("b", ns: "payments"));
        var scope = ClusterScope.Of(["shop"]);
        Assert.Equal(["a"], cache.Query(scope, RowQuery.Of("Pod"), 0, 10).Items.Select(r => r.Name));
        Assert.Equal(1, cache.Query(scope, RowQuery.Of("Pod"), 0, 10).Unfiltered);
        Assert.Equal(1, cache.Count(scope, ["Pod"]).Total);
        Assert.Null(cache.Find(scope, "Pod", "payments", "b"));
        Assert.Equal(-1, cache.IndexOf(scope, RowQuery.Of("Pod"), "Pod/payments/b"));
    }

    [Fact]
    public void Events_BeyondTheLimit_DropTheOldest()
    {
        var cache = new ClusterCache(Guid.NewGuid(), TimeProvider.System);
        for (var i = 0; i <= ClusterLimits.Events; i++)
        {
            cache.Apply(null, "Event", new RowChange(RowChangeType.Upsert, new EventRow { Kind = "Event", Namespace = "shop", Name = $"e{i}", Uid = "", LastSeenTicks = i }));
        }

        Assert.NotNull(cache.Find(ClusterScope.All, "Event", "shop", $"e{ClusterLimits.Events}"));
        Assert.Null(cache.Find(ClusterScope.All, "Event", "shop", "e0"));
        Assert.True(cache.Query(ClusterScope.All, RowQuery.Of("Event"), 0, 0).Total <= ClusterLimits.Events);
    }

    [Fact]
    public async Task Notifications_OfAStorm_ComeAtMostFourTimesASecond()
    {
        var cache = Filled();
        var told = 0;
        using var subscription = cache.Subscribe(_ => Interlocked.Increment(ref told));
        var end = Environment.TickCount64 + 1500;
        for (var i = 0; Environment.TickCount64 < end; i++)
        {
            cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, Pod($"p{i % 50}", (Health)(i % 5))));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.InRange(told, 3, 7);
    }

    private static ClusterCache Filled(params PodRow[] pods)
    {
        var cache = new ClusterCache(Guid.NewGuid(), TimeProvider.System);
        cache.Apply(null, "Pod", s_reset);
        foreach (var pod in pods)
        {
            cache.Apply(null, "Pod", new RowChange(RowChangeType.Upsert, pod));
        }

        cache.Apply(null, "Pod", s_synced);
        return cache;
    }

    private static PodRow Pod(string name, Health health = Health.Healthy, string ns = "shop") =>
        new() { Kind = "Pod", Namespace = ns, Name = name, Uid = name, Health = health };

    private static int Total(ClusterCache cache) => cache.Query(ClusterScope.All, RowQuery.Of("Pod"), 0, 0).Total;

    private static string[] Names(ClusterCache cache, RowQuery query) => [.. cache.Query(ClusterScope.All, query, 0, 100).Items.Select(r => r.Name)];
}
