using Anycast.Core.Clusters;
using Anycast.Core.Clusters.Departures;
using Anycast.Core.Clusters.Gateway;
using Anycast.Core.Common;
using Anycast.Core.Teams;
using Anycast.Tests.Harness;
using Anycast.Tunnel.Operations;
using k8s.Models;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Anycast.Tests.Clusters;

/// <summary>What left a cluster is written down: each answer of a person's before they get it, watches by the hour.</summary>
public sealed class DepartureTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [PolicyClause("S07")]
    public async Task Answers_OfTheTunnel_AreEachWrittenDown()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var (team, cluster) = (world.Team.Id, world.Cluster.Id);
        var pod = world.Sandbox.Store.List("Pod", "shop")[0]["metadata"]!["name"]!.GetValue<string>();

        Assert.True((await world.Gateway.ReadAsync(world.Owner, team, cluster, "Pod", "shop", pod, Ct)).IsOk);
        Assert.True((await world.Gateway.ListAsync<V1Deployment>(world.Owner, team, cluster, new ObjectQuery("shop"), Ct)).IsOk);
        Assert.Equal("cluster.not_found", (await world.Gateway.ReadAsync(world.Owner, team, cluster, "Pod", "shop", "no-such-pod", Ct)).Failure!.Code);
        var grant = (await world.Core.Get<ClusterAccess>().AuthorizeAsync(world.Owner, team, cluster, Permission.ProposalsPropose, Ct)).Value!;
        var scale = new OperationRequest(OperationNames.Scale, new OperationTarget("apps", "Deployment", "shop", "cart"), [new LeafChange("spec.replicas", "3")], DryRun: true);
        Assert.Equal(OperationStatus.Applied, (await world.Gateway.ExecuteAsync(world.Owner, grant, scale, Ct)).Value!.Status);

        var rows = (await RowsAsync(world)).Where(r => r.Operation != DepartureOperation.Watch).ToList();
        Assert.Equal(
            [(DepartureOperation.DryRun, "Deployment", "shop", "cart"), (DepartureOperation.List, "Deployment", "shop", ""), (DepartureOperation.Get, "Pod", "shop", pod)],
            rows.Select(r => (r.Operation, r.Kind, r.Namespace, r.Name)));
        Assert.All(rows, r => Assert.Equal((world.Owner.UserId, world.Owner.Name, ActorKind.User), (r.UserId, r.ActorName, r.ActorKind)));
        Assert.All(rows, r => Assert.True(r.Bytes > 100, $"{r.Operation}: {r.Bytes} bytes"));
        Assert.All(rows.Where(r => r.Operation != DepartureOperation.DryRun), r => Assert.True(r.Withheld > 0, $"{r.Operation}: {r.Withheld} withheld"));
    }

    [Fact]
    public async Task Reads_OfOneObjectWithinAMinute_AreOneEntryThatCounts()
    {
        await using var world = await ConnectedCluster.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            Assert.True((await world.Gateway.ReadAsync(world.Owner, world.Team.Id, world.Cluster.Id, "Namespace", "", "shop", Ct)).IsOk);
        }

        var first = Assert.Single(await RowsAsync(world), r => r.Operation == DepartureOperation.Get);
        Assert.Equal(5, first.Count);

        world.Clock.Advance(DepartureLog.OneEntry);
        Assert.True((await world.Gateway.ReadAsync(world.Owner, world.Team.Id, world.Cluster.Id, "Namespace", "", "shop", Ct)).IsOk);
        var rows = (await RowsAsync(world)).Where(r => r.Operation == DepartureOperation.Get).ToList();
        Assert.Equal([1, 5], rows.Select(r => r.Count));
        Assert.Equal(first.Bytes, rows[0].Bytes * 5);
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Reads_ForAnAnswer_AreListedUnderItAndForTheAskerAlone()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var (team, cluster, run) = (world.Team.Id, world.Cluster.Id, Guid.NewGuid());
        var viewer = await world.Core.ActorAsync();
        await world.Core.JoinAsync(team, viewer.UserId, TeamRole.Viewer);
        foreach (var actor in new[] { world.Owner, world.Owner with { RunId = Guid.NewGuid() }, viewer with { RunId = run }, viewer with { RunId = run } })
        {
            Assert.True((await world.Gateway.ReadAsync(actor, team, cluster, "Namespace", "", "shop", Ct)).IsOk);
        }

        // Within the same minute, yet an answer's reads are entries of their own.
        Assert.Equal(3, (await RowsAsync(world)).Count(r => r.Operation == DepartureOperation.Get));
        var departures = world.Core.Get<DepartureService>();
        Task<Outcome<Page<Departure>>> ListAsync(Actor actor, Guid? of) => departures.ListAsync(actor, team, cluster, new DepartureFilter(RunId: of), new PageRequest(), Ct);
        var row = Assert.Single((await ListAsync(world.Owner, run)).Value!.Items);
        Assert.Equal((viewer.UserId, 2), (row.UserId, row.Count));

        // A viewer may not see what the team's people did, but what left the cluster for their own question.
        Assert.Equal("forbidden", (await ListAsync(viewer, null)).Failure!.Code);
        Assert.Equal(row.Id, Assert.Single((await ListAsync(viewer, run)).Value!.Items).Id);
        var others = (await RowsAsync(world)).Single(r => r.RunId is not null && r.RunId != run).RunId;
        Assert.Empty((await ListAsync(viewer, others)).Value!.Items);
        Assert.Equal("not_found", (await ListAsync(await world.Core.ActorAsync(), run)).Failure!.Code);
        var export = (await departures.ExportAsync(viewer, world.Team.Slug, world.Cluster.Slug, new DepartureFilter(RunId: others), Ct)).Value!;
        Assert.Empty(await export.Rows.ToListAsync(Ct));
        Assert.Equal("forbidden", (await departures.ExportAsync(viewer, world.Team.Slug, world.Cluster.Slug, new DepartureFilter(), Ct)).Failure!.Code);
    }

    [Fact]
    public async Task Diagnosis_OfTheCluster_IsOneEntryForEachKind()
    {
        await using var world = await ConnectedCluster.StartAsync();

        Assert.True((await world.Gateway.SnapshotAsync(world.Owner, world.Team.Id, world.Cluster.Id, "shop", Ct)).IsOk);

        var kinds = (await RowsAsync(world)).Where(r => r.Operation == DepartureOperation.List).Select(r => r.Kind).ToList();
        Assert.Equal(ClusterKinds.All.Select(k => k.Kind).Order(), kinds.Order());
    }

    [Fact]
    [PolicyClause("S07")]
    public async Task Answer_ThatCannotBeWrittenDown_IsNotHandedOn()
    {
        await using var world = await ConnectedCluster.StartAsync();
        await using (var db = await world.Core.OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE \"Departures\" RENAME TO \"Elsewhere\"", Ct);
        }

        await Assert.ThrowsAsync<DbUpdateException>(() => world.Gateway.ReadAsync(world.Owner, world.Team.Id, world.Cluster.Id, "Namespace", "", "shop", Ct));

        await using (var db = await world.Core.OpenAsync())
        {
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE \"Elsewhere\" RENAME TO \"Departures\"", Ct);
        }

        Assert.True((await world.Gateway.ReadAsync(world.Owner, world.Team.Id, world.Cluster.Id, "Namespace", "", "shop", Ct)).IsOk);
    }

    [Fact]
    public async Task Watches_OfABusyCluster_AreOneEntryForEachKindAndHour()
    {
        await using var world = await ConnectedCluster.StartAsync();
        var ledger = world.Core.Get<WatchLedger>();
        await ledger.FlushAsync(Ct);
        var before = Watched(await RowsAsync(world));
        for (var i = 0; i < 100; i++)
        {
            Assert.True(world.Sandbox.Store.Change("Deployment", "shop", "cart", d => d["metadata"]!["labels"]!["round"] = $"r{i}"));
        }

        await Eventually.TrueAsync(
            async () =>
            {
                await ledger.FlushAsync(Ct);
                return Watched(await RowsAsync(world)).Where(r => r.Kind == "Deployment").Sum(r => r.Count) >= before.Where(r => r.Kind == "Deployment").Sum(r => r.Count) + 100;
            },
            "all changes are counted");

        var after = Watched(await RowsAsync(world));
        Assert.True(after.Count <= 2 * ClusterKinds.WithRows.Count, $"{after.Count} entries");
        Assert.Equal(after.Count, after.DistinctBy(r => (r.Kind, r.At)).Count());
        Assert.All(after, r => Assert.True(r is { Bytes: > 0, Count: > 0, UserId: null, ActorKind: ActorKind.System } && r.At.Minute == 0));
        Assert.Contains(after, r => r.Kind == "Pod");
    }

    [Theory, EveryDatabase]
    public async Task Entries_OlderThanThirtyDays_AreDeletedAndNoOthers(TestProvider provider)
    {
        await using var core = await CoreHost.StartAsync(provider, (services, _) => services.AddClusters());
        var (_, cluster, _) = await ClusterAsync(core);
        await AddAsync(core, cluster, 40, i => core.Clock.GetUtcNow() - TimeSpan.FromDays(i) - TimeSpan.FromMinutes(1));

        Assert.Equal(10, await core.Get<DepartureService>().DeleteOldAsync(Ct));

        await using var db = await core.OpenAsync();
        Assert.Equal(30, await db.Departures.CountAsync(Ct));
        Assert.Equal(0, await core.Get<DepartureService>().DeleteOldAsync(Ct));
        Assert.Equal(30, DepartureService.Kept.Days);
    }

    [Theory, EveryDatabase]
    public async Task List_WithFiltersAndPages_IsWhatTheExportHolds(TestProvider provider)
    {
        await using var core = await CoreHost.StartAsync(provider, (services, _) => services.AddClusters());
        var (team, cluster, owner) = await ClusterAsync(core);

        // 2100 in three instants: pages of an export end within one of them.
        await AddAsync(core, cluster, 2100, i => core.Clock.GetUtcNow() - TimeSpan.FromSeconds(i / 700));
        var service = core.Get<DepartureService>();

        var second = (await service.ListAsync(owner, team.Id, cluster.Id, new DepartureFilter(), new PageRequest(2, 100), Ct)).Value!;
        Assert.Equal((2100, 100), (second.Total, second.Items.Count));
        var found = (await service.ListAsync(owner, team.Id, cluster.Id, new DepartureFilter("POD-7", DepartureOperation.Get), new PageRequest(1, 200), Ct)).Value!;
        Assert.Equal(Enumerable.Range(0, 2100).Count(i => i % 2 == 0 && $"pod-{i}".Contains("pod-7", StringComparison.Ordinal)), found.Total);
        Assert.Equal(0, (await service.ListAsync(owner, team.Id, cluster.Id, new DepartureFilter("pod_7"), new PageRequest(), Ct)).Value!.Total);

        var export = (await service.ExportAsync(owner, team.Slug, cluster.Slug, new DepartureFilter(), Ct)).Value!;
        var rows = await export.Rows.ToListAsync(Ct);
        Assert.Equal(2100, rows.DistinctBy(r => r.Id).Count());
        Assert.Equal(second.Items.Select(r => r.Id), rows.Skip(100).Take(100).Select(r => r.Id));
    }

    [Theory, EveryDatabase]
    public async Task Entries_ForThoseWhoMayNot_AreNotThere(TestProvider provider)
    {
        await using var core = await CoreHost.StartAsync(provider, (services, _) => services.AddClusters());
        var (team, cluster, owner) = await ClusterAsync(core);
        await AddAsync(core, cluster, 3, _ => core.Clock.GetUtcNow());
        var service = core.Get<DepartureService>();
        var stranger = await core.ActorAsync();
        var viewer = await core.ActorAsync();
        await core.JoinAsync(team.Id, viewer.UserId, TeamRole.Viewer);
        var operatorActor = await core.ActorAsync(roles: PlatformRoles.Operator);

        foreach (var (actor, code) in new[] { (stranger, "not_found"), (operatorActor, "not_found"), (Actor.Anonymous, "not_found"), (viewer, "forbidden"), (owner, null) })
        {
            Assert.Equal(code, (await service.ListAsync(actor, team.Id, cluster.Id, new DepartureFilter(), new PageRequest(), Ct)).Failure?.Code);
            Assert.Equal(code, (await service.ExportAsync(actor, team.Slug, cluster.Slug, new DepartureFilter(), Ct)).Failure?.Code);
        }

        await using var db = await core.OpenAsync();
        await db.Clusters.Where(c => c.Id == cluster.Id).ExecuteDeleteAsync(Ct);
        Assert.Equal(0, await db.Departures.CountAsync(Ct));
    }

    private static List<Departure> Watched(IReadOnlyList<Departure> rows) => [.. rows.Where(r => r.Operation == DepartureOperation.Watch)];

    private static async Task<IReadOnlyList<Departure>> RowsAsync(ConnectedCluster world) =>
        (await world.Core.Get<DepartureService>().ListAsync(world.Owner, world.Team.Id, world.Cluster.Id, new DepartureFilter(), new PageRequest(1, PageRequest.MaxSize), Ct)).Value!.Items;

    private static async Task<(TeamSummary Team, Cluster Cluster, Actor Owner)> ClusterAsync(CoreHost core)
    {
        var owner = await core.ActorAsync();
        var team = (await core.Get<TeamService>().CreateAsync(owner, "Team", Ct)).Value!;
        return (team, (await core.Get<ClusterService>().CreateAsync(owner, team.Slug, "Production", ClusterAccessKind.ReadOnly, Ct)).Value!, owner);
    }

    private static async Task AddAsync(CoreHost core, Cluster cluster, int count, Func<int, DateTimeOffset> at)
    {
        await using var db = await core.OpenAsync();
        db.Departures.AddRange(Enumerable.Range(0, count).Select(i => new Departure
        {
            Id = Ids.New(core.Clock), ClusterId = cluster.Id, At = at(i), Operation = i % 2 == 0 ? DepartureOperation.Get : DepartureOperation.List, Kind = "Pod", Namespace = "shop", Name = $"pod-{i}",
            ActorKind = ActorKind.System, Bytes = i,
        }));
        await db.SaveChangesAsync(Ct);
    }
}
